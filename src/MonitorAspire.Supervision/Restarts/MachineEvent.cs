using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Restarts;

/// <summary>Something that happens to a daemon.</summary>
internal abstract record MachineEvent
{
    /// <summary>The daemon is to run: a person asks for it, or it is in the configuration.</summary>
    public sealed record StartRequested : MachineEvent;

    /// <summary>The daemon is not to run any more.</summary>
    public sealed record StopRequested : MachineEvent;

    /// <summary>A person asks for a new instance.</summary>
    public sealed record RestartRequested : MachineEvent;

    /// <summary>A person says that the cause of the failures is fixed: they are forgotten, and a daemon that waits is started at once.</summary>
    public sealed record CrashLoopReset : MachineEvent;

    /// <summary>The specification changed. A daemon that runs, or is not to run, stays as it is.</summary>
    public sealed record ConfigurationChanged : MachineEvent;

    /// <summary>A daemon that this one depends on has changed. The settings say which of them it has to wait for.</summary>
    public sealed record DependenciesChanged : MachineEvent;

    /// <summary>A daemon that this one depends on has a new instance, and this one is restarted for it.</summary>
    public sealed record DependencyRestarted(string Name) : MachineEvent;

    /// <summary>A living instance of an earlier supervisor was found and proved. Reason and detail say why it is not healthy.</summary>
    public sealed record AdoptedInstance(long Instance, int Restarts, bool Healthy, StartupReason? Reason = null, string? Detail = null) : MachineEvent;

    /// <summary>A start that is under way entered a stage.</summary>
    public sealed record StageEntered(long Operation, StartupStage Stage) : MachineEvent;

    /// <summary>A start has ended, with an instance where the report says that it serves.</summary>
    public sealed record StartEnded(long Operation, StartupReport Report, long? Instance) : MachineEvent;

    /// <summary>A stop has ended.</summary>
    public sealed record StopEnded(long Operation, StopReport Report) : MachineEvent;

    /// <summary>An instance ended.</summary>
    public sealed record InstanceExited(long Instance, ProcessExit Exit) : MachineEvent;

    /// <summary>A running daemon was probed: PID file, socket (as the kernel says) and health. <see langword="null"/> where one is not known. Contested names another process that listens too.</summary>
    public sealed record Probed(long Instance, bool? PidFile, bool? Port, bool Health, StartupReason? Reason = null, string? Detail = null, string? Contested = null) : MachineEvent
    {
        /// <summary>Resident memory in bytes, where the daemon has a limit.</summary>
        public long? MemoryBytes { get; init; }
    }

    /// <summary>Files that the definition names have changed, and the daemon can be started with them, as far as that is known.</summary>
    public sealed record FilesChanged(string What) : MachineEvent;

    /// <summary>
    /// Enough probes have failed, and the daemon is restarted. The machine sends this event to itself, so that the state Unhealthy is
    /// published before the stop begins.
    /// </summary>
    public sealed record HealthGivenUp(long Instance, string Reason) : MachineEvent;

    /// <summary>A look has ended. A start can be tried when the port is free, or when an attached instance has appeared.</summary>
    public sealed record Looked(long Operation, bool CanStart) : MachineEvent;

    /// <summary>The supervision of the daemon ends, and the daemon is left as it is.</summary>
    public sealed record Left : MachineEvent;

    /// <summary>It is <see cref="DaemonMachine.NextDue"/> now, or later.</summary>
    public sealed record TimerDue : MachineEvent;
}
