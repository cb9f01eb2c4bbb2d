using MonitorAspire.Supervision.Identity;

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

/// <summary>How a process ended.</summary>
/// <param name="ExitCode">Its exit code, or <see langword="null"/> when a signal ended it or when only its parent could know.</param>
/// <param name="Signal">The signal that ended it, or <see langword="null"/>.</param>
public readonly record struct ProcessExit(int? ExitCode, int? Signal)
{
    /// <summary>The end of a process that is not our child: the kernel tells nobody but the parent how.</summary>
    public static ProcessExit Unknown => default;

    /// <summary>In words: <c>exit code 3</c>, <c>signal 9 (SIGKILL)</c> or <c>exit code unknown (not a child of this process)</c>.</summary>
    public override string ToString() => (ExitCode, Signal) switch
    {
        ({ } code, _) => $"exit code {code}",
        (_, { } signal) => $"signal {signal} ({SignalNames.Of(signal)})",
        _ => "exit code unknown (not a child of this process)",
    };
}
