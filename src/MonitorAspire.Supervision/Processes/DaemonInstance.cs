using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Processes;

/// <summary>One process life of a daemon, with its exit.</summary>
public sealed class DaemonInstance
{
    /// <summary>Makes a handle on an instance.</summary>
    /// <param name="identity">The proven identity.</param>
    /// <param name="port">The port it serves on.</param>
    /// <param name="startedAt">When it was started.</param>
    /// <param name="restartCount">Restarts so far.</param>
    /// <param name="exited">Completes when the process ended.</param>
    public DaemonInstance(ProcessIdentity identity, int port, DateTimeOffset startedAt, int restartCount, Task<ProcessExit> exited)
    {
        Identity = identity;
        Port = port;
        StartedAt = startedAt;
        RestartCount = restartCount;
        Exited = exited;
    }

    /// <summary>Which process, beyond any reuse of its PID.</summary>
    public ProcessIdentity Identity { get; }

    /// <summary>The PID.</summary>
    public int Pid => Identity.Pid;

    /// <summary>The port it serves on; with a port range, the one that was chosen.</summary>
    public int Port { get; }

    /// <summary>When it was started.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>Restarts before this instance, from its record.</summary>
    public int RestartCount { get; }

    /// <summary>When it was verified, from its record; <see langword="null"/> where nobody has said so.</summary>
    public DateTimeOffset? VerifiedAt { get; init; }

    /// <summary>Completes as soon as the process ended; never faults.</summary>
    public Task<ProcessExit> Exited { get; }
}
