using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>
/// All that explains why one daemon of a fleet is as it is: what its supervisor thinks, what is really there, and what to do next.
/// Nothing in it comes from an environment or from arguments, so it can be passed on; the log tail is the daemon's own words.
/// </summary>
public sealed record DaemonDiagnosis
{
    /// <summary>When it was made.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What to do next, and what needs nobody to do anything: one sentence for a person.</summary>
    public required string NextStep { get; init; }

    /// <summary>The daemon as its supervisor sees it.</summary>
    public required DaemonSnapshot Daemon { get; init; }

    /// <summary>The daemon as it is seen from outside at this moment, with the executable alone of its command line; <see langword="null"/> where it could not be looked at.</summary>
    public DaemonInspection? Inspection { get; init; }

    /// <summary>PID file, lock, record and log.</summary>
    public required IReadOnlyList<DiagnosedFile> Files { get; init; }

    /// <summary>What the doctor found about the platform, the state directory and the daemon's port.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }
}
