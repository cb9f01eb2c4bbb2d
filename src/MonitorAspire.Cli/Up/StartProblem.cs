using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Cli.Up;

/// <summary>Why the supervisor or the dashboard did not start, in one sentence.</summary>
internal static class StartProblem
{
    private const string SupervisorPrefix = "monitor-aspire-supervisor: ";

    /// <summary>What the supervisor says itself when it refuses to run, else the reason and what was seen.</summary>
    internal static string Of(StartupReport report)
    {
        if (report.LogTail.LastOrDefault(l => l.StartsWith(SupervisorPrefix, StringComparison.Ordinal)) is { } said)
        {
            return said[SupervisorPrefix.Length..];
        }

        var reason = WireNames.Of(report.Reason ?? StartupReason.Cancelled);
        var last = report.LogTail.Count > 0 ? $" Its last line: {report.LogTail[^1].Trim()}" : "";
        return $"{reason}: {report.Detail}{last}".TrimEnd('.', ' ');
    }

    /// <summary>The exit code: that of a supervisor that refused to run, else the one for the reason.</summary>
    internal static int ExitCode(StartupReport report) =>
        report.ExitCode is ExitCodes.Usage or ExitCodes.PortInUse or ExitCodes.PermissionDenied or ExitCodes.Foreign
            ? report.ExitCode.Value
            : ExitCodes.For(report);
}
