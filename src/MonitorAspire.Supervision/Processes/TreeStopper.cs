using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Processes;

/// <summary>Stops the processes of an instance, and only those: each is signalled through a descriptor of exactly that process life.</summary>
internal sealed class TreeStopper(ProcessTable table, InstanceTree tree, TimeProvider time)
{
    private const int Terminate = 15;
    private const int Kill = 9;
    private const int Continue = 18;

    /// <summary>What a stop of a tree came to.</summary>
    /// <param name="Signalled">How many processes were signalled.</param>
    /// <param name="Killed">Whether any needed SIGKILL.</param>
    /// <param name="Survivors">What still lives.</param>
    /// <param name="Denied">PIDs that this user may not signal.</param>
    internal sealed record Result(int Signalled, bool Killed, IReadOnlyList<ProcessInfo> Survivors, IReadOnlyList<int> Denied);

    /// <summary>SIGTERM to all members, wait, SIGKILL to all that is left, wait.</summary>
    /// <param name="root">The instance.</param>
    /// <param name="instanceId">Its instance id.</param>
    /// <param name="grace">Between SIGTERM and SIGKILL; zero kills at once.</param>
    /// <param name="killTimeout">For the kernel to end what was killed.</param>
    /// <param name="cancellationToken">Ends the grace period, not the stop.</param>
    internal async Task<Result> StopAsync(ProcessIdentity? root, string? instanceId, TimeSpan grace, TimeSpan killTimeout, CancellationToken cancellationToken)
    {
        var signalled = new HashSet<ProcessIdentity>();
        var denied = new HashSet<int>();

        if (grace > TimeSpan.Zero)
        {
            foreach (var member in tree.Members(root, instanceId))
            {
                Signal(member, Terminate, signalled, denied);

                // A stopped process does not see SIGTERM before it is continued.
                if (member.State == 'T')
                {
                    Signal(member, Continue, signalled, denied);
                }
            }

            await WaitUntilGoneAsync(root, instanceId, grace, cancellationToken).ConfigureAwait(false);
        }

        var killed = false;
        var started = time.GetTimestamp();
        var survivors = tree.Members(root, instanceId);
        while (survivors.Count > 0 && denied.Count < survivors.Count && time.GetElapsedTime(started) < killTimeout)
        {
            killed = true;
            foreach (var member in survivors)
            {
                Signal(member, Kill, signalled, denied);
            }

            // A killed process may have forked a moment before: look again until nothing is left.
            await WaitUntilGoneAsync(root, instanceId, TimeSpan.FromMilliseconds(200), CancellationToken.None).ConfigureAwait(false);
            survivors = tree.Members(root, instanceId);
        }

        return new Result(signalled.Count, killed && signalled.Count > 0, survivors, [.. denied]);
    }

    /// <summary>Waits for the ends of the members, as events where the platform has them. False when some are left after the time limit.</summary>
    private async Task<bool> WaitUntilGoneAsync(ProcessIdentity? root, string? instanceId, TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var members = tree.Members(root, instanceId);
            var left = limit - time.GetElapsedTime(started);
            if (members.Count == 0)
            {
                return true;
            }

            if (left <= TimeSpan.Zero || cancellationToken.IsCancellationRequested)
            {
                return false;
            }

            // Members that appear while we wait are found by the next look.
            var ends = Task.WhenAll(members.Select(m => ProcessExits.OfOther(m.Identity, table)));
            try
            {
                await ends.WaitAsync(left, time, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is TimeoutException or OperationCanceledException)
            {
                // The loop's own checks decide.
            }
        }
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

    /// <summary>Signals exactly this process life. Returns 0, or the error number (<see cref="Errno.NoProcess"/> when it is gone).</summary>
    internal int SendSignal(ProcessIdentity identity, int signal)
    {
        if (OperatingSystem.IsLinux())
        {
            // First the descriptor, then the look: from here on no reuse of the PID can redirect the signal.
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

    // Windows has no SIGTERM for a process without a console of ours: ending it is all there is.
    private static int KillOnWindows(int pid)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(pid);
            process.Kill(entireProcessTree: true);
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
