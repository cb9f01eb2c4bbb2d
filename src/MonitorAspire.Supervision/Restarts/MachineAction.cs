using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Restarts;

/// <summary>An action that the state machine asks for. It carries out none itself.</summary>
internal abstract record MachineAction
{
    /// <summary>
    /// Begin a verified start and report <see cref="MachineEvent.StartEnded"/> in any case. The restarts include this one. A restart is a
    /// start without a request. Force replaces processes of an earlier instance that still hold the lock.
    /// </summary>
    public sealed record Start(long Operation, int Attempt, int Restarts, bool IsRestart, bool Force) : MachineAction;

    /// <summary>Give up the start. It still reports <see cref="MachineEvent.StartEnded"/>.</summary>
    public sealed record CancelStart(long Operation) : MachineAction;

    /// <summary>Stop the instance and report <see cref="MachineEvent.StopEnded"/>.</summary>
    public sealed record Stop(long Operation) : MachineAction;

    /// <summary>See whether a start can be tried, and report <see cref="MachineEvent.Looked"/>.</summary>
    public sealed record Look(long Operation) : MachineAction;

    /// <summary>Write lost files of the living instance again.</summary>
    public sealed record RepairFiles : MachineAction;

    /// <summary>Probe once more very soon: a probe has failed for the first time.</summary>
    public sealed record ProbeAgain : MachineAction;

    /// <summary>Keep this failure as the daemon's last one. It has a stage only where a start failed.</summary>
    public sealed record NoteFailure(StartupReason Reason, StartupStage? Stage, string? Detail, ProcessExit? Exit) : MachineAction;

    /// <summary>Publish an event.</summary>
    public sealed record Announce(Announcement What, string? Message = null) : MachineAction;

    /// <summary>An alert begins.</summary>
    public sealed record FireAlert(AlertKind Kind, string Message) : MachineAction;

    /// <summary>An alert ends.</summary>
    public sealed record ResolveAlert(AlertKind Kind, string Message) : MachineAction;

    /// <summary>Publish the new state, then apply this event.</summary>
    public sealed record Then(MachineEvent Event) : MachineAction;
}

/// <summary>What the state machine announces beside changes of the state. An exit is announced where no stop was asked for.</summary>
internal enum Announcement
{
    StartVerified,
    StartFailed,
    Adopted,
    Exited,
}
