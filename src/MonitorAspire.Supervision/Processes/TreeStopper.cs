using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Processes;

/// <summary>Stops the processes of an instance. Each is signalled through a pidfd, so a signal never reaches another process with the same PID.</summary>
internal sealed class TreeStopper(ProcessTable table, InstanceTree tree, TimeProvider time)
{
    private const int Kill = 9;

    // Most daemons have ended by then, and no descriptors need be read to find out who else holds the lock.
    private static readonly TimeSpan QuickEnd = TimeSpan.FromMilliseconds(20);

    private static int Continue => OperatingSystem.IsMacOS() ? 19 : 18;

    /// <summary>The signal that asks an instance to end, and whether all members get it.</summary>
    internal readonly record struct StopWay(StopMode Mode, TerminationSignal Signal);

    internal sealed record Result(int Signalled, bool Killed, IReadOnlyList<ProcessInfo> Survivors, IReadOnlyList<int> Denied);

    /// <summary>
    /// Sends the definition's signal to all members or to the root alone, waits, sends SIGKILL to all members that are left, and waits again. A
    /// grace period of zero sends SIGKILL at once. Cancellation ends the grace period, not the stop.
    /// </summary>
    internal async Task<Result> StopAsync(InstanceSigns signs, StopWay way, TimeSpan grace, TimeSpan killTimeout, CancellationToken cancellationToken)
    {
        var signalled = new HashSet<ProcessIdentity>();
        var denied = new HashSet<int>();

        var started = time.GetTimestamp();
        var file = LockFileOf(signs);

        // To find all that hold the lock means to read the descriptors of all processes. Where the root holds it, that can wait.
        var isQuick = file is not null && grace > QuickEnd;
        var (members, look) = await tree.MembersAsync(signs, readsDescriptors: !isQuick).ConfigureAwait(false);
        if (isQuick && members.Count == 0)
        {
            isQuick = false; // it has just ended
            (members, look) = await tree.MembersAsync(signs, readsDescriptors: true).ConfigureAwait(false);
        }

        if (grace > TimeSpan.Zero)
        {
            // Without a root there is no main process to leave the rest to.
            var main = way.Mode == StopMode.Main ? members.FirstOrDefault(m => m.Identity == signs.Root) : null;
            Ask(main is null ? members : [main]);
            if (isQuick)
            {
                members = await WaitUntilGoneAsync(signs, file, members, QuickEnd, cancellationToken).ConfigureAwait(false);

                // A process that is new since then was started to clean up.
                Ask(main is null ? members.Where(m => look.Living.TryGetValue(m.Pid, out var then) && then.Identity == m.Identity && !signalled.Contains(m.Identity)) : []);
            }

            members = await WaitUntilGoneAsync(signs, file, members, grace - time.GetElapsedTime(started), cancellationToken).ConfigureAwait(false);
        }

        var killed = false;
        started = time.GetTimestamp();
        while (members.Count > 0 && denied.Count < members.Count && time.GetElapsedTime(started) < killTimeout)
        {
            killed = true;
            foreach (var member in members)
            {
                Signal(member, Kill, signalled, denied);
            }

            // A process may have forked just before it was killed, so the members are searched again until none is left.
            members = await WaitUntilGoneAsync(signs, file, members, TimeSpan.FromMilliseconds(200), CancellationToken.None).ConfigureAwait(false);
        }

        return new Result(signalled.Count, killed && signalled.Count > 0, members, [.. denied]);

        void Ask(IEnumerable<ProcessInfo> asked)
        {
            foreach (var member in asked)
            {
                Signal(member, SignalNumbers.Of(way.Signal), signalled, denied);

                // A suspended process handles a signal only after SIGCONT.
                if (member.State == 'T')
                {
                    Signal(member, Continue, signalled, denied);
                }
            }
        }
    }

    /// <summary>Waits until all members have ended, or until the time limit. Returns those that live then, also those that have appeared meanwhile.</summary>
    private async Task<IReadOnlyList<ProcessInfo>> WaitUntilGoneAsync(
        InstanceSigns signs, FileIdentity? file, IReadOnlyList<ProcessInfo> members, TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (members.Count > 0 && limit - time.GetElapsedTime(started) is var left && left > TimeSpan.Zero && !cancellationToken.IsCancellationRequested)
        {
            var ends = Task.WhenAll(members.Select(m => ProcessExits.OfOther(m.Identity, table)));
            try
            {
                await ends.WaitAsync(left, time, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is TimeoutException or OperationCanceledException)
            {
                // The members that are left decide.
            }

            // Where the lock is free, no process that inherited it is left, and the descriptors of all processes need not be read.
            var isLockFree = file is not null && InstanceLock.IsHeld(signs.LockFile) == false && FileIdentity.Of(signs.LockFile) == file;
            (members, _) = await tree.MembersAsync(signs, readsDescriptors: !isLockFree).ConfigureAwait(false);
        }

        return members;
    }

    // The lock file, where the root provably holds the lock of this file. It may also hold that of a file of the same name that was deleted.
    private FileIdentity? LockFileOf(InstanceSigns signs) =>
        signs.Root is { } root && table.HolderOf(root.Pid, signs.LockFile) is { IsOurs: true } ? FileIdentity.Of(signs.LockFile) : null;

    private void Signal(ProcessInfo member, int signal, HashSet<ProcessIdentity> signalled, HashSet<int> denied)
    {
        var error = SendSignal(member.Identity, signal);
        if (error == 0)
        {
            signalled.Add(member.Identity);
        }
        else if (Errno.IsPermission(error))
        {
            denied.Add(member.Pid);
        }
    }

    /// <summary>Signals exactly this process. Returns 0, or the error number (<see cref="Errno.NoProcess"/> when it has ended).</summary>
    private int SendSignal(ProcessIdentity identity, int signal)
    {
        if (OperatingSystem.IsLinux())
        {
            // The descriptor is opened first and the identity is checked after it, so the signal cannot reach a later process with this PID.
            using var descriptor = ProcessDescriptor.Open(identity.Pid);
            return descriptor is not null && table.IsAlive(identity)
                ? ProcessDescriptor.SendSignal(descriptor, signal)
                : Errno.NoProcess;
        }

        if (!table.IsAlive(identity))
        {
            return Errno.NoProcess;
        }

        if (OperatingSystem.IsWindows())
        {
            return KillOnWindows(identity.Pid);
        }

        return LibC.Kill(identity.Pid, signal) == 0 ? 0 : System.Runtime.InteropServices.Marshal.GetLastPInvokeError();
    }

    // Windows has no SIGTERM for a process without our console. It can only be killed.
    private static int KillOnWindows(int pid)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(pid);
#pragma warning disable RS0030 // This is the place that the rule names.
            process.Kill(entireProcessTree: true);
#pragma warning restore RS0030
            return 0;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return Errno.NoProcess;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return Errno.NotPermitted;
        }
    }
}
