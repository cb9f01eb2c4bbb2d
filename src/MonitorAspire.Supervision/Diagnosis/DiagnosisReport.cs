using System.Text.Json.Serialization;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>All that the doctor found in one state directory.</summary>
public sealed record DiagnosisReport
{
    /// <summary>Absolute path of the state directory.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>The findings: the directory first, then port by port.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>The daemons of the directory's ports as they were seen before anything was mended.</summary>
    public required IReadOnlyList<DaemonInspection> Daemons { get; init; }

    /// <summary>How many problems remain: findings that are more than information and were not mended.</summary>
    public int Problems => Findings.Count(f => f.Remains);

    /// <summary>How many of them <c>--fix</c> would mend.</summary>
    public int Mendable => Findings.Count(f => f is { Remains: true, SafeToMend: true, Result: null });

    /// <summary>Whether nothing is wrong, or all that was is mended.</summary>
    [JsonIgnore]
    public bool IsHealthy => Problems == 0;
}
