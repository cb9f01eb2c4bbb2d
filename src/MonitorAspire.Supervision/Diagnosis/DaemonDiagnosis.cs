using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>
/// Everything that explains the state of one daemon of a fleet: its state in the supervisor, an inspection from outside, and the next step.
/// It contains no environment variables and no arguments, so it can be shared. The log tail is the daemon's own output.
/// </summary>
public sealed record DaemonDiagnosis
{
    /// <summary>Time of the diagnosis.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What to do next, also when nothing need be done: one sentence for people.</summary>
    public required string NextStep { get; init; }

    /// <summary>The daemon as its supervisor sees it.</summary>
    public required DaemonSnapshot Daemon { get; init; }

    /// <summary>The inspection of the daemon from outside, with its executable but without arguments; <see langword="null"/> where it could not be inspected.</summary>
    public DaemonInspection? Inspection { get; init; }

    /// <summary>PID file, lock, record and log.</summary>
    public required IReadOnlyList<DiagnosedFile> Files { get; init; }

    /// <summary>Findings of the doctor about the platform, the state directory and the daemon's port.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }
}
