using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>How bad something is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FindingSeverity>))]
public enum FindingSeverity
{
    /// <summary>Worth knowing; nothing is wrong.</summary>
    [JsonStringEnumMemberName("info")]
    Info,

    /// <summary>Nothing fails because of it yet.</summary>
    [JsonStringEnumMemberName("warning")]
    Warning,

    /// <summary>A daemon does not serve, cannot be started or cannot be proved because of it.</summary>
    [JsonStringEnumMemberName("error")]
    Error,
}

/// <summary>One thing that the doctor found.</summary>
public sealed record Finding
{
    /// <summary>What kind of thing, in a word that stays the same over releases: <c>pid-file-stale</c>.</summary>
    public required string Id { get; init; }

    /// <summary>How bad it is.</summary>
    public required FindingSeverity Severity { get; init; }

    /// <summary>Which file or directory, where it is about one.</summary>
    public string? File { get; init; }

    /// <summary>Which port, where it is about one.</summary>
    public int? Port { get; init; }

    /// <summary>What is wrong: one sentence for a person.</summary>
    public required string Problem { get; init; }

    /// <summary>What mends it: one sentence for a person, with the command where there is one.</summary>
    public required string Mend { get; init; }

    /// <summary>Whether the mend is provably safe, so that <c>--fix</c> does it.</summary>
    public bool SafeToMend { get; init; }

    /// <summary>What <c>--fix</c> did about it; <see langword="null"/> where it was not asked to, or where the mend is not provably safe.</summary>
    public MendResult? Result { get; init; }

    /// <summary>Whether it is a problem that is still there.</summary>
    [JsonIgnore]
    public bool Remains => Severity != FindingSeverity.Info && Result is not { Done: true };
}

/// <summary>What a mend did.</summary>
/// <param name="Done">Whether the problem is gone.</param>
/// <param name="Action">What was done, or why it was not.</param>
public sealed record MendResult(bool Done, string Action);
