using System.Text.Json;
using System.Text.Json.Serialization;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Supervisor.Fleet.History;

/// <summary>The result of one start: an entry of the history and a line of its file.</summary>
internal sealed record StartRecord
{
    /// <summary>When it ended.</summary>
    public required DateTimeOffset At { get; init; }

    public required string Daemon { get; init; }

    public required bool Verified { get; init; }

    public StartupReason? Reason { get; init; }

    /// <summary>Duration in milliseconds.</summary>
    public required double Ms { get; init; }

    /// <summary>The stages that were entered, with their durations.</summary>
    public IReadOnlyList<StageTiming> Stages { get; init; } = [];

    /// <summary>The start that an event reports. <see langword="null"/> for other events, for a start of a daemon that was running already
    /// and for a cancelled start, because the latter two would distort the success rate.</summary>
    internal static StartRecord? Of(FleetEvent happened) =>
        happened is { Kind: FleetEventKind.StartVerified or FleetEventKind.StartFailed, Report: { } report }
        && report is { Verdict: not StartupVerdict.AlreadyRunning, Reason: not StartupReason.Cancelled }
            ? new StartRecord
            {
                At = happened.At,
                Daemon = happened.Daemon.Name,
                Verified = report.Verdict == StartupVerdict.Verified,
                Reason = report.Reason,
                Ms = report.TotalMs,
                Stages = report.Stages,
            }
            : null;

    /// <summary>Whether the values are possible. A file may contain anything.</summary>
    [JsonIgnore]
    internal bool IsValid => Daemon is { Length: > 0 } && IsDuration(Ms) && Stages is not null && Stages.All(s => s is not null && IsDuration(s.Ms));

    private static bool IsDuration(double ms) => ms >= 0 && double.IsFinite(ms);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(StartRecord))]
internal sealed partial class HistoryJson : JsonSerializerContext;

/// <summary>Writes the same, without the descriptions of all properties that only reading needs.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Serialization, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StartRecord))]
internal sealed partial class WrittenHistoryJson : JsonSerializerContext;
