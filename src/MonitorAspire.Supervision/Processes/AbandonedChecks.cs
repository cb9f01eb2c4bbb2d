using System.Runtime.Versioning;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Processes;

/// <summary>
/// Stops the processes of health checks whose supervisor was killed. They are no members of a daemon, so no stop of the daemon ends them, and
/// only the supervisor knew their time limit.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class AbandonedChecks(ProcessTable processes, TreeStopper stopper)
{
    private static readonly TimeSpan KillTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Stops those that were started for daemons of a state directory, and returns their PIDs.</summary>
    internal async Task<IReadOnlyList<int>> StopAsync(string stateDirectory)
    {
        var abandoned = processes.Snapshot().Where(p => !p.IsZombie).Select(p => (p.Pid, Id: IdOf(p.Pid, stateDirectory))).Where(p => p.Id is not null).ToList();
        foreach (var id in abandoned.Select(p => p.Id).Distinct(StringComparer.Ordinal))
        {
            // A check has no lock.
            await stopper.StopAsync(new InstanceSigns(Root: null, id, LockFile: ""), default, TimeSpan.Zero, KillTimeout, CancellationToken.None).ConfigureAwait(false);
        }

        return [.. abandoned.Select(p => p.Pid)];
    }

    // The PID in the id is one of this PID namespace only where the process itself is in it. A check in a container has another supervisor.
    private string? IdOf(int pid, string stateDirectory) =>
        ProcessEnvironment.Get(processes, pid, InstanceRecord.EnvironmentVariable) is { } id
        && CommandCheck.MakerOf(id) is var (maker, startTicks)
        && processes.IsGone(new ProcessIdentity(maker, startTicks, processes.BootId))
        && ProcessEnvironment.Get(processes, pid, StateDirectory.EnvironmentVariable) == stateDirectory
        && processes.InnermostPid(pid) == pid
            ? id
            : null;
}
