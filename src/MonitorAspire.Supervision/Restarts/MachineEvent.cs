using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Restarts;

/// <summary>What can happen to a daemon.</summary>
internal abstract record MachineEvent
{
    /// <summary>The daemon is wanted: by a person, or because it is in the configuration.</summary>
    public sealed record StartRequested : MachineEvent;

    /// <summary>The daemon is wanted no more.</summary>
    public sealed record StopRequested : MachineEvent;

    /// <summary>A person wants a new instance.</summary>
    public sealed record RestartRequested : MachineEvent;

    /// <summary>A person says that what failed is mended: failures are forgotten, and whatever waits is tried at once.</summary>
    public sealed record CrashLoopReset : MachineEvent;

    /// <summary>The specification changed. What is not wanted stays as it is.</summary>
    /// <param name="NeedsRestart">Whether the living instance cannot be what is specified now.</param>
    public sealed record ConfigurationChanged(bool NeedsRestart) : MachineEvent;

    /// <summary>A living instance that an earlier supervisor or a person had started was found and verified.</summary>
    /// <param name="Instance">What the instance is called here.</param>
    /// <param name="Restarts">How often it was restarted so far.</param>
    /// <param name="Healthy">Whether it was healthy when it was found.</param>
    public sealed record AdoptedInstance(long Instance, int Restarts, bool Healthy) : MachineEvent;

    /// <summary>A start that is under way entered a stage.</summary>
    /// <param name="Operation">The start.</param>
    /// <param name="Stage">The stage.</param>
    public sealed record StageEntered(long Operation, StartupStage Stage) : MachineEvent;

    /// <summary>A start has its verdict.</summary>
    /// <param name="Operation">The start.</param>
    /// <param name="Report">The report.</param>
    /// <param name="Instance">What the living instance is called here, where the report says that it serves.</param>
    public sealed record StartEnded(long Operation, StartupReport Report, long? Instance) : MachineEvent;

    /// <summary>A stop has its verdict.</summary>
    /// <param name="Operation">The stop.</param>
    /// <param name="Report">The report.</param>
    public sealed record StopEnded(long Operation, StopReport Report) : MachineEvent;

    /// <summary>A process ended.</summary>
    /// <param name="Instance">Which one.</param>
    /// <param name="Exit">How.</param>
    public sealed record InstanceExited(long Instance, ProcessExit Exit) : MachineEvent;

    /// <summary>The three checks of a running daemon were made.</summary>
    /// <param name="Instance">Of which instance.</param>
    /// <param name="PidFile">Whether the PID file names it; <see langword="null"/> where that was not seen.</param>
    /// <param name="Port">Whether it owns the port; <see langword="null"/> where the platform cannot tell.</param>
    /// <param name="Health">Whether it is healthy.</param>
    /// <param name="Reason">What is wrong.</param>
    /// <param name="Detail">The same for a person.</param>
    public sealed record Probed(long Instance, bool? PidFile, bool? Port, bool Health, StartupReason? Reason = null, string? Detail = null) : MachineEvent;

    /// <summary>Three probes in a row had failed; the machine sends it to itself, so that the state Unhealthy is seen before the stop begins.</summary>
    /// <param name="Instance">Of which instance.</param>
    public sealed record HealthGivenUp(long Instance) : MachineEvent;

    /// <summary>A look that <see cref="MachineAction.Look"/> asked for is done.</summary>
    /// <param name="Operation">The look.</param>
    /// <param name="Clear">Whether a start can be tried now: the port is free, or an attached instance has appeared.</param>
    public sealed record Looked(long Operation, bool Clear) : MachineEvent;

    /// <summary>It is <see cref="DaemonMachine.NextDue"/> now, or later.</summary>
    public sealed record TimerDue : MachineEvent;
}
