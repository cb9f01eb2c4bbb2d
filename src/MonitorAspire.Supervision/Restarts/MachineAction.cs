using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Restarts;

/// <summary>What the state machine wants done. It does nothing itself.</summary>
internal abstract record MachineAction
{
    /// <summary>Begin a verified start and report <see cref="MachineEvent.StartEnded"/>, whatever comes of it.</summary>
    /// <param name="Operation">Name of the start.</param>
    /// <param name="Attempt">Which try, counted from 1.</param>
    /// <param name="Restarts">How often the daemon was restarted so far, this time included.</param>
    /// <param name="Force">Whether leftovers of an instance of ours that hold the lock are to be replaced.</param>
    public sealed record Start(long Operation, int Attempt, int Restarts, bool Force) : MachineAction;

    /// <summary>Give up the start; its <see cref="MachineEvent.StartEnded"/> is still waited for.</summary>
    /// <param name="Operation">The start.</param>
    public sealed record CancelStart(long Operation) : MachineAction;

    /// <summary>Stop the instance and report <see cref="MachineEvent.StopEnded"/>.</summary>
    /// <param name="Operation">Name of the stop.</param>
    public sealed record Stop(long Operation) : MachineAction;

    /// <summary>See whether a start can be tried, and report <see cref="MachineEvent.Looked"/>.</summary>
    /// <param name="Operation">Name of the look.</param>
    public sealed record Look(long Operation) : MachineAction;

    /// <summary>Write the PID file and the record of the living instance again, where they are lost.</summary>
    public sealed record RepairFiles : MachineAction;

    /// <summary>Remember why the daemon failed.</summary>
    /// <param name="Reason">The reason.</param>
    /// <param name="Stage">The stage of a start; <see langword="null"/> after a verified start.</param>
    /// <param name="Detail">For a person.</param>
    /// <param name="Exit">How the process ended, where it did.</param>
    public sealed record NoteFailure(StartupReason Reason, StartupStage? Stage, string? Detail, ProcessExit? Exit) : MachineAction;

    /// <summary>Tell everybody.</summary>
    /// <param name="Kind">What happened.</param>
    /// <param name="Message">One sentence for a person.</param>
    public sealed record Announce(FleetEventKind Kind, string? Message = null) : MachineAction;

    /// <summary>An alert begins.</summary>
    /// <param name="Kind">Which.</param>
    /// <param name="Message">One sentence for a person.</param>
    public sealed record FireAlert(AlertKind Kind, string Message) : MachineAction;

    /// <summary>An alert ends.</summary>
    /// <param name="Kind">Which.</param>
    /// <param name="Message">One sentence for a person.</param>
    public sealed record ResolveAlert(AlertKind Kind, string Message) : MachineAction;

    /// <summary>Show the new state, then go on with this event.</summary>
    /// <param name="Event">The event.</param>
    public sealed record Then(MachineEvent Event) : MachineAction;
}
