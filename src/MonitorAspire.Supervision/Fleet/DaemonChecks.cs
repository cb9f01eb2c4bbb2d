using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>The three checks of a daemon as its snapshot shows them.</summary>
internal static class DaemonChecks
{
    /// <summary>There is no instance to check.</summary>
    public static IReadOnlyList<CheckResult> NotMade { get; } = [.. Enum.GetValues<CheckName>().Select(name => new CheckResult(name, null, null, null))];

    /// <summary>A verified start has made all three checks itself; the first probe comes later.</summary>
    public static IReadOnlyList<CheckResult> Of(StartupReport start, DateTimeOffset at) =>
        [.. Enum.GetValues<CheckName>().Select(name => new CheckResult(
            name,
            name == CheckName.Port && !start.OwnershipVerified ? null : true,
            name == CheckName.Port && !start.OwnershipVerified ? "ownership: unverified" : "verified when it started",
            at))];

    /// <summary>What an inspection has seen.</summary>
    public static IReadOnlyList<CheckResult> Of(DaemonInspection seen, int pid, DateTimeOffset at) =>
    [
        new(CheckName.PidFile, seen.Pid == pid ? seen.PidFileState == "ok" : null, seen.PidFileState == "ok" ? $"names PID {seen.PidInFile}" : seen.PidFileState, at),
        new(CheckName.Port, seen.OwnsPort, seen.OwnsPort != true ? seen.Detail : $"PID {pid} listens on {seen.Host}:{seen.Port}{(seen.Contested is { } other ? $", and so does {other}" : "")}", at),
        new(CheckName.Health, seen.Healthy, seen.HealthDetail ?? seen.Detail, at) { Answer = Answer(seen) },
    ];

    private static HealthCheckAnswer? Answer(DaemonInspection seen) =>
        seen is { Healthy: false, HealthMs: { } ms } ? new HealthCheckAnswer(seen.HealthStatus, Math.Round(ms, 1), seen.HealthBody) : null;

    /// <summary>The inspection itself failed: only health is known to be wrong.</summary>
    public static IReadOnlyList<CheckResult> WithFailure(IReadOnlyList<CheckResult> before, string? failure, DateTimeOffset at) =>
        [.. before.Select(check => check.Name == CheckName.Health ? new CheckResult(CheckName.Health, false, failure, at) : check)];
}
