using System.Text.Json.Serialization;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Result of the doctor for one state directory.</summary>
public sealed record DiagnosisReport
{
    /// <summary>Absolute path of the state directory.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>The findings: the directory first, then port by port.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>The daemons of the directory's ports, inspected before anything was fixed.</summary>
    public required IReadOnlyList<DaemonInspection> Daemons { get; init; }

    /// <summary>Number of problems that remain: warnings and errors that were not fixed.</summary>
    public int Problems => Findings.Count(f => f.Remains);

    /// <summary>Number of problems that <c>--fix</c> would fix. In JSON <c>mendable</c>.</summary>
    [JsonPropertyName("mendable")]
    public int Fixable => Findings.Count(f => f is { Remains: true, SafeToFix: true, Result: null });

    /// <summary>Whether no problem remains.</summary>
    [JsonIgnore]
    public bool IsHealthy => Problems == 0;
}
