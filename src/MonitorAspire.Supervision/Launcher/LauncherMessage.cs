using System.Text.Json;
using System.Text.Json.Serialization;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Supervision.Launcher;

/// <summary>
/// A message between the supervisor and the program that launches the attached daemons (the AppHost). Requests and daemons go to the
/// launcher, reports and answers come from it. After a connect both sides send their full state, and then changes.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(LauncherRequest), "request")]
[JsonDerivedType(typeof(DaemonUpdate), "daemon")]
[JsonDerivedType(typeof(LauncherReport), "report")]
[JsonDerivedType(typeof(LauncherAnswer), "answer")]
internal abstract record LauncherMessage
{
    /// <summary>Whether its values exist. JSON can leave them out, and it can have any number for the member of an enumeration, and null in a list.</summary>
    [JsonIgnore]
    public virtual bool IsValid => true;
}

/// <summary>The supervisor asks the launcher to do something. The answer repeats the id. A launch belongs to the W3C trace context, if there is one.</summary>
internal sealed record LauncherRequest(long Id, string Daemon, LauncherAction Action, string? TraceParent) : LauncherMessage
{
    [JsonIgnore]
    public override bool IsValid => Daemon is not null && Enum.IsDefined(Action);
}

/// <summary>What a launcher can be asked to do.</summary>
internal enum LauncherAction
{
    Start,
    Stop,
}

/// <summary>The result of a <see cref="LauncherRequest"/>, with the error if it was refused.</summary>
internal sealed record LauncherAnswer(long Id, string? Error) : LauncherMessage;

/// <summary>A daemon as the supervisor sees it now.</summary>
internal sealed record DaemonUpdate(DaemonSnapshot Daemon) : LauncherMessage
{
    [JsonIgnore]
    public override bool IsValid => Daemon is not null;
}

/// <summary>The launcher reports the state of its process of one daemon, whenever it changes.</summary>
internal sealed record LauncherReport : LauncherMessage
{
    [JsonIgnore]
    public override bool IsValid => Daemon is not null && Enum.IsDefined(State) && Pid is null or > 0 && LogTail is not null && LogTail.All(line => line is not null);

    public required string Daemon { get; init; }

    public required LauncherState State { get; init; }

    /// <summary>PID of the process that was launched, or that has ended.</summary>
    public int? Pid { get; init; }

    /// <summary>Exit code of a process that has ended.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Whether a person asked the launcher to stop the process. Otherwise it ended by itself, or the supervisor asked for the stop.</summary>
    public bool OnPurpose { get; init; }

    /// <summary>W3C trace context that the process was given; <see langword="null"/> without tracing.</summary>
    public string? TraceParent { get; init; }

    /// <summary>When the launch began.</summary>
    public DateTimeOffset? BeganAt { get; init; }

    /// <summary>When the port had been checked, and the process was about to be launched.</summary>
    public DateTimeOffset? CheckedAt { get; init; }

    /// <summary>When the launcher saw that the process ran.</summary>
    public DateTimeOffset? RunsAt { get; init; }

    /// <summary>Why it could not be launched, for a person.</summary>
    public string? Detail { get; init; }

    /// <summary>Last lines that the process wrote, if they are not in a log file of ours. It has a setter because the JSON reader would not keep the default of an init-only property.</summary>
    public IReadOnlyList<string> LogTail { get; set; } = [];
}

/// <summary>State of a launcher's process.</summary>
internal enum LauncherState
{
    /// <summary>Not launched yet. It waits for another resource, or for a person.</summary>
    Waiting,

    Running,
    Stopping,
    Ended,
    Failed,
}

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(LauncherMessage))]
internal sealed partial class LauncherJson : JsonSerializerContext;
