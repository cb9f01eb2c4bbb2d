using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Processes;

/// <summary>Stops the processes of an instance. Each is signalled through a pidfd, so a signal never reaches another process with the same PID.</summary>
internal sealed class TreeStopper(ProcessTable table, InstanceTree tree, TimeProvider time)
{
    private const int Kill = 9;

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

        var members = await tree.MembersAsync(signs).ConfigureAwait(false);
        if (grace > TimeSpan.Zero)
        {
            // Without a root there is no main process to leave the rest to.
            var main = way.Mode == StopMode.Main ? members.FirstOrDefault(m => m.Identity == signs.Root) : null;
            foreach (var member in main is null ? members : [main])
            {
                Signal(member, SignalNumbers.Of(way.Signal), signalled, denied);

                // A suspended process handles a signal only after SIGCONT.
                if (member.State == 'T')
                {
                    Signal(member, Continue, signalled, denied);
                }
            }

            members = await WaitUntilGoneAsync(signs, members, grace, cancellationToken).ConfigureAwait(false);
        }

        var killed = false;
        var started = time.GetTimestamp();
        while (members.Count > 0 && denied.Count < members.Count && time.GetElapsedTime(started) < killTimeout)
        {
            killed = true;
            foreach (var member in members)
            {
                Signal(member, Kill, signalled, denied);
            }

            // A process may have forked just before it was killed, so the members are searched again until none is left.
            members = await WaitUntilGoneAsync(signs, members, TimeSpan.FromMilliseconds(200), CancellationToken.None).ConfigureAwait(false);
        }

        return new Result(signalled.Count, killed && signalled.Count > 0, members, [.. denied]);
    }

    /// <summary>Waits until all members have ended, or until the time limit. Returns those that live then, also those that have appeared meanwhile.</summary>
    private async Task<IReadOnlyList<ProcessInfo>> WaitUntilGoneAsync(
        InstanceSigns signs, IReadOnlyList<ProcessInfo> members, TimeSpan limit, CancellationToken cancellationToken)
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

            members = await tree.MembersAsync(signs).ConfigureAwait(false);
        }

        return members;
    }

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
