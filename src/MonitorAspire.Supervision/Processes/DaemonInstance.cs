using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Processes;

/// <summary>One process of a daemon, from its start to its exit.</summary>
/// <param name="identity">The proven identity.</param>
/// <param name="port">The port it serves on.</param>
/// <param name="startedAt">When it was started.</param>
/// <param name="restartCount">Restarts before this instance.</param>
/// <param name="exited">Completes when the process has ended.</param>
public sealed class DaemonInstance(ProcessIdentity identity, int port, DateTimeOffset startedAt, int restartCount, Task<ProcessExit> exited)
{
    /// <summary>The process. The identity stays unique when the PID is used again.</summary>
    public ProcessIdentity Identity { get; } = identity;

    /// <summary>The PID.</summary>
    public int Pid => Identity.Pid;

    /// <summary>The port it serves on; with a port range, the one that was chosen.</summary>
    public int Port { get; } = port;

    /// <summary>When it was started.</summary>
    public DateTimeOffset StartedAt { get; } = startedAt;

    /// <summary>Restarts before this instance, from its record.</summary>
    public int RestartCount { get; } = restartCount;

    /// <summary>When it was verified, from its record; <see langword="null"/> where the record does not say so.</summary>
    public DateTimeOffset? VerifiedAt { get; init; }

    /// <summary>False where another process than the recorded one was found, and it has no children: it may be the last worker of a dead master.</summary>
    internal bool HasWorkers { get; init; } = true;

    /// <summary>Completes as soon as the process has ended; never fails.</summary>
    public Task<ProcessExit> Exited { get; } = exited;
}
