using System.Globalization;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>A detail of a daemon that a dashboard shows: unique name, as in <c>monitor.restarts</c>, and whether it is shown without being asked for.</summary>
internal sealed record DaemonProperty(string Name, string DisplayName, string Value, bool IsHighlighted);

/// <summary>The details of a daemon that every dashboard shows.</summary>
internal static class DaemonProperties
{
    /// <summary>The details in the order in which they are read. What is not known is left out.</summary>
    public static IReadOnlyList<DaemonProperty> Of(DaemonSnapshot daemon)
    {
        var found = new List<DaemonProperty>();
        Add("port", "Port", daemon.Port, isHighlighted: true);
        Add("restarts", "Restarts", daemon.Restarts, isHighlighted: true);
        Add("alerts", "Alerts", daemon.Alerts.Count > 0 ? string.Join(", ", daemon.Alerts.Select(WireNames.Of)) : null, isHighlighted: true);
        Add("nextAttempt", "Next try", daemon.NextAttemptAt, isHighlighted: true);
        Add("verifiedAt", "Verified", daemon.VerifiedAt);
        if (daemon.Startup is { } startup)
        {
            Add("startup", "Start-up time", Milliseconds(startup.TotalMs), isHighlighted: true);
            foreach (var (stage, ms) in startup.Stages)
            {
                var name = WireNames.Of(stage);
                Add($"startup.{name}", $"Start-up: {name.Replace('_', ' ')}", Milliseconds(ms));
            }
        }

        if (daemon.LastFailure is { } failure)
        {
            Add("lastFailure", "Last failure", Describe(failure), isHighlighted: true);
            Add("lastFailure.answer", "Health answer at the last failure", failure.HealthAnswer is { } answer ? Describe(answer) : null);
            Add("lastFailure.at", "Last failure at", failure.At);
            Add("lastFailure.signal", "Ended by signal", failure.Signal);
            Add("lastFailure.log", "Last output before the failure", failure.LogTail.Count > 0 ? string.Join('\n', failure.LogTail) : null);
        }

        Add("health.answer", "Health answer", daemon.Checks.FirstOrDefault(check => check.Name == CheckName.Health)?.Answer is { } latest ? Describe(latest) : null, isHighlighted: true);
        Add("consecutiveFailures", "Failures in a row", daemon.State == DaemonState.Running ? null : daemon.ConsecutiveFailures);
        Add("adopted", "Adopted from an earlier supervisor", daemon.Adopted ? "yes" : null);
        Add("pidFile", "PID file", daemon.PidFile);
        Add("logFile", "Log file", daemon.LogFile);
        Add("traceId", "Trace of the last start", daemon.TraceId);
        return found;

        void Add(string name, string displayName, object? value, bool isHighlighted = false)
        {
            if (value is not null)
            {
                var text = value is DateTimeOffset at ? Time(at) : Convert.ToString(value, CultureInfo.InvariantCulture)!;
                found.Add(new DaemonProperty($"monitor.{name}", displayName, text, isHighlighted));
            }
        }
    }

    /// <summary>A time as the dashboard shows its own: local, without the date when it is today.</summary>
    public static string Time(DateTimeOffset at)
    {
        var local = at.ToLocalTime();
        var isToday = local.Date == TimeProvider.System.GetLocalNow().Date;
        return local.ToString(isToday ? "HH:mm:ss" : "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
    }

    private static string Describe(HealthCheckAnswer answer) =>
        string.Join('\n', [$"{(answer.Status is { } status ? $"{status.ToString(CultureInfo.InvariantCulture)} " : "no complete answer ")}after {Milliseconds(answer.Ms)}", .. answer.Body]);

    private static string Describe(DaemonFailure failure)
    {
        var stage = failure.Stage is { } failed ? $" in stage {WireNames.Of(failed).Replace('_', ' ')}" : "";
        var detail = failure.Detail is { } text ? $": {text}" : "";
        return $"{WireNames.Of(failure.Reason)}{stage}{detail}";
    }

    private static string Milliseconds(double ms) => string.Create(CultureInfo.InvariantCulture, $"{ms:F0} ms");
}
