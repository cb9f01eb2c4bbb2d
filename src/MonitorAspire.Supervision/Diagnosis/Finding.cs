using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Severity of a finding.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FindingSeverity>))]
public enum FindingSeverity
{
    /// <summary>Information; nothing is wrong.</summary>
    [JsonStringEnumMemberName("info")]
    Info,

    /// <summary>A problem that has no effect yet.</summary>
    [JsonStringEnumMemberName("warning")]
    Warning,

    /// <summary>A problem because of which a daemon does not serve, cannot be started or cannot be proved.</summary>
    [JsonStringEnumMemberName("error")]
    Error,
}

/// <summary>One result of the doctor.</summary>
public sealed record Finding
{
    /// <summary>Kind of the finding, as in <c>pid-file-stale</c>. It does not change between releases.</summary>
    public required string Id { get; init; }

    /// <summary>Its severity.</summary>
    public required FindingSeverity Severity { get; init; }

    /// <summary>The file or directory that it is about.</summary>
    public string? File { get; init; }

    /// <summary>The port that it is about.</summary>
    public int? Port { get; init; }

    /// <summary>What is wrong: one sentence for people.</summary>
    public required string Problem { get; init; }

    /// <summary>What fixes it: one sentence for people, with the command where there is one. In JSON <c>mend</c>.</summary>
    [JsonPropertyName("mend")]
    public required string Fix { get; init; }

    /// <summary>Whether the fix is provably safe, so that <c>--fix</c> carries it out. In JSON <c>safeToMend</c>.</summary>
    [JsonPropertyName("safeToMend")]
    public bool SafeToFix { get; init; }

    /// <summary>Result of the fix; <see langword="null"/> without <c>--fix</c>, and where the fix is not provably safe.</summary>
    public FixResult? Result { get; init; }

    /// <summary>Whether it is a problem that is not fixed.</summary>
    [JsonIgnore]
    public bool Remains => Severity != FindingSeverity.Info && Result is not { Done: true };
}

/// <summary>Result of a fix.</summary>
/// <param name="Done">Whether the problem is fixed.</param>
/// <param name="Action">What was done, or why it was not.</param>
public sealed record FixResult(bool Done, string Action);
