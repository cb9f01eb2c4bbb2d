using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>How a start ended.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<StartupVerdict>))]
public enum StartupVerdict
{
    /// <summary>A new instance passed all stages.</summary>
    Verified,

    /// <summary>One of our instances runs already and is verified: it owns its port and is healthy. Nothing was started.</summary>
    AlreadyRunning,

    /// <summary>No instance serves as the result of this start.</summary>
    Failed,
}

/// <summary>The result of one start: the duration of each stage and, if it failed, the reason.</summary>
public sealed record StartupReport
{
    /// <summary>The daemon's name.</summary>
    public required string Name { get; init; }

    /// <summary>The host that the daemon was to listen on, as given in its specification.</summary>
    public required string Host { get; init; }

    /// <summary>The port that was used. With a port range it is the selected one.</summary>
    public required int Port { get; init; }

    /// <summary>How the start ended.</summary>
    public required StartupVerdict Verdict { get; init; }

    /// <summary>The stage that failed, or <see langword="null"/> if none did.</summary>
    public StartupStage? Stage { get; init; }

    /// <summary>Why, or <see langword="null"/> for a verified start.</summary>
    public StartupReason? Reason { get; init; }

    /// <summary>
    /// Whether the machine prevented the start, and not the daemon or its definition: no space, no descriptors, a file that is busy or
    /// missing, a host name without an address. A later try may succeed.
    /// </summary>
    public bool IsPassing { get; init; }

    /// <summary>One or two sentences for a person, with the process or the file that caused the failure.</summary>
    public string? Detail { get; init; }

    /// <summary>PID of the instance, also of one that failed; <see langword="null"/> if no process was spawned.</summary>
    public int? Pid { get; init; }

    /// <summary>Number of this attempt, counted from 1.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>
    /// <see langword="true"/> if it was proved that the listening socket belongs to the instance, <see langword="false"/> if the platform
    /// cannot tell it.
    /// </summary>
    public bool OwnershipVerified { get; init; }

    /// <summary>Exit code of a process that ended by itself before it was verified.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Number of the signal that killed the process before it was verified.</summary>
    public int? Signal { get; init; }

    /// <summary>Owner of the port, for the reasons <c>port-in-use</c> and <c>port-owned-by-other</c>.</summary>
    public PortOwner? Owner { get; init; }

    /// <summary>The stages that were entered, in order, with their durations.</summary>
    public IReadOnlyList<StageTiming> Stages { get; init; } = [];

    /// <summary>Time from the call to the verdict, in milliseconds.</summary>
    public double TotalMs { get; init; }

    /// <summary>The last lines of the daemon's own output in this start, oldest first. Empty after a verified start.</summary>
    public IReadOnlyList<string> LogTail { get; init; } = [];

    /// <summary>The last answer of the health check, where the start failed in the stage <c>health</c> and there was one.</summary>
    public HealthCheckAnswer? HealthAnswer { get; init; }

    /// <summary>The daemon's log file.</summary>
    public string? LogFile { get; init; }

    /// <summary>The daemon's PID file.</summary>
    public string? PidFile { get; init; }

    /// <summary>When the instance was started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When the last stage was passed.</summary>
    public DateTimeOffset? VerifiedAt { get; init; }

    /// <summary>PID of the instance that was stopped for this start, or <see langword="null"/>.</summary>
    public int? ReplacedPid { get; init; }

    /// <summary>The start of the old definition after this one failed, where a roll-back was asked for.</summary>
    public StartupReport? Rollback { get; init; }

    /// <summary>The trace that shows this start, 32 hexadecimal digits, or <see langword="null"/> without tracing.</summary>
    public string? TraceId { get; init; }

    /// <summary>What was repaired or found during the start (stale file removed, legacy file migrated), one sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>True for <see cref="StartupVerdict.Verified"/> and <see cref="StartupVerdict.AlreadyRunning"/>: the daemon serves.</summary>
    [JsonIgnore]
    public bool Serves => Verdict is StartupVerdict.Verified or StartupVerdict.AlreadyRunning;
}

/// <summary>How long one stage took.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Ms">Its duration in milliseconds.</param>
public sealed record StageTiming(StartupStage Stage, double Ms);

/// <summary>A process that listens on a port.</summary>
/// <param name="Pid">Its PID, or <see langword="null"/> where this user may not see it.</param>
/// <param name="Executable">Its executable or command name, or <see langword="null"/> where this user may not see it.</param>
/// <param name="Address">Address and port that it listens on, as in <c>127.0.0.1:8768</c> or <c>[::]:8768</c>.</param>
public sealed record PortOwner(int? Pid, string? Executable, string Address)
{
    /// <summary>The owner as text: <c>PID 4711 (/usr/bin/python3.13) on 127.0.0.1:8768</c>.</summary>
    public override string ToString() => Pid is null
        ? $"a process that this user may not inspect, on {Address}"
        : $"PID {Pid} ({Executable ?? "executable unknown"}) on {Address}";
}
