using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Hosting.Supervision;

/// <summary>
/// The supervisor's daemons as it showed them last, put up in Aspire's dashboard: three health reports, and the state of supervision
/// with back-off or crash loop as properties. Pushed when it changes: Aspire itself asks a healthy resource only every 30 s.
/// </summary>
internal sealed class DaemonBoard(ResourceNotificationService notifications, DistributedApplicationModel model)
{
    /// <summary>What the names of our properties begin with.</summary>
    private const string Prefix = "monitor.";

    private readonly ConcurrentDictionary<string, DaemonSnapshot> _daemons = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, string> _refused = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, string> _shown = new(StringComparer.OrdinalIgnoreCase);

    internal DaemonSnapshot? Find(string daemon) => _daemons.GetValueOrDefault(daemon);

    /// <summary>Takes in what the supervisor says, and shows it where it differs from what is shown.</summary>
    internal Task UpdateAsync(DaemonSnapshot daemon)
    {
        _daemons[daemon.Name] = daemon;
        if (daemon.Checks.Any(c => c is { Name: CheckName.Port, Healthy: true }))
        {
            _refused.TryRemove(daemon.Name, out _);
        }

        return ShowAsync(daemon.Name);
    }

    /// <summary>Takes note that a launch was refused because the port is taken; <see langword="null"/> takes it back.</summary>
    internal Task RefuseAsync(string daemon, string? reason)
    {
        if (reason is null)
        {
            _refused.TryRemove(daemon, out _);
        }
        else
        {
            _refused[daemon] = reason;
        }

        return ShowAsync(daemon);
    }

    /// <summary>Why a launch was refused, or <see langword="null"/>.</summary>
    internal string? RefusalOf(string daemon) => _refused.GetValueOrDefault(daemon);

    /// <summary>The verdict of one check.</summary>
    internal (HealthStatus Status, string Description) Verdict(string daemon, CheckName check)
    {
        if (check == CheckName.Port && _refused.TryGetValue(daemon, out var taken))
        {
            return (HealthStatus.Unhealthy, taken);
        }

        if (!_daemons.TryGetValue(daemon, out var snapshot))
        {
            return (HealthStatus.Unhealthy, "the supervisor has not said anything yet");
        }

        var result = snapshot.Checks.FirstOrDefault(c => c.Name == check);
        if (snapshot.State is DaemonState.Running or DaemonState.Unhealthy)
        {
            return result?.Healthy switch
            {
                false => (HealthStatus.Unhealthy, result.Detail ?? "failed"),
                true => (HealthStatus.Healthy, result.Detail ?? "passed"),
                null when snapshot.State == DaemonState.Running => (HealthStatus.Healthy, result?.Detail ?? $"PID {snapshot.Pid}, verified"),
                null => (HealthStatus.Unhealthy, snapshot.LastFailure?.Detail ?? "not known"),
            };
        }

        return (HealthStatus.Unhealthy, Describe(snapshot));
    }

    /// <summary>The state of supervision in one line.</summary>
    internal static string Describe(DaemonSnapshot daemon)
    {
        var next = daemon.NextAttemptAt is { } at ? $", next try at {at.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture)} UTC" : "";
        var failures = daemon.ConsecutiveFailures > 0 ? $", {daemon.ConsecutiveFailures} failures in a row" : "";
        return daemon.State switch
        {
            DaemonState.CrashLooping => $"crash loop{failures}{next}",
            DaemonState.Backoff => $"back-off{failures}{next}",
            DaemonState.Foreign => $"the port is somebody else's{next}",
            DaemonState.Starting when daemon.Stage is { } stage => $"starting: {WireNames.Of(stage)}",
            var state => state.ToString().ToLowerInvariant() + failures,
        };
    }

    private async Task ShowAsync(string daemon)
    {
        if (model.Resources.FirstOrDefault(r => r.Annotations.OfType<SupervisionAnnotation>().Any(a => a.DaemonName == daemon)) is not { } resource)
        {
            return;
        }

        var verdicts = Enum.GetValues<CheckName>().Select(check => (Check: check, Verdict: Verdict(daemon, check))).ToList();
        var properties = Properties(daemon);

        // What a check measured changes with every probe; that alone is nothing to show.
        var shown = string.Join('|', verdicts.Select(v => v.Verdict.Status == HealthStatus.Healthy ? "ok" : v.Verdict.Description).Concat(properties.Select(p => $"{p.Name}={p.Value}")));
        if (_shown.TryGetValue(daemon, out var before) && before == shown)
        {
            return;
        }

        _shown[daemon] = shown;
        var at = DateTime.UtcNow;
        var reports = verdicts.Select(v => new HealthReportSnapshot($"{resource.Name}-{WireNames.Of(v.Check)}", v.Verdict.Status, v.Verdict.Description, null) { LastRunAt = at }).ToList();
        await notifications.PublishUpdateAsync(resource, snapshot => (snapshot with
        {
            Properties = Merge(snapshot.Properties, properties, p => p.Name.StartsWith(Prefix, StringComparison.Ordinal)),
            State = Styled(snapshot.State, _daemons.GetValueOrDefault(daemon), _refused.ContainsKey(daemon)),
        }).WithHealthReports(Merge(snapshot.HealthReports, reports, r => reports.Exists(ours => ours.Name == r.Name)))).ConfigureAwait(false);
    }

    // What a person looks for is shown without being asked for; Aspire's own process ID is that of what it launched, for a project "dotnet run".
    private List<ResourcePropertySnapshot> Properties(string daemon)
    {
        var properties = new List<ResourcePropertySnapshot>();
        Add("refused", "Not launched", RefusalOf(daemon));
        if (_daemons.TryGetValue(daemon, out var snapshot))
        {
            Add("state", "Supervision", Describe(snapshot));
            Add("pid", "Verified process ID", snapshot.Pid);
            Add("restarts", "Restarts", snapshot.Restarts);
            Add("alerts", "Alerts", snapshot.Alerts.Count > 0 ? string.Join(", ", snapshot.Alerts.Select(WireNames.Of)) : null);
            Add("startup", "Start-up time", snapshot.Startup is { } startup ? string.Create(CultureInfo.InvariantCulture, $"{startup.TotalMs:F0} ms") : null);
            Add("lastFailure", "Last failure", snapshot.LastFailure is { } failure ? $"{WireNames.Of(failure.Reason)}: {failure.Detail}" : null);
            Add("pidFile", "PID file", snapshot.PidFile);
        }

        return properties;

        void Add(string name, string displayName, object? value)
        {
            if (value is not null)
            {
                properties.Add(new($"{Prefix}{name}", value) { DisplayName = displayName, IsHighlighted = true, SortOrder = properties.Count });
            }
        }
    }

    // The text is Aspire's, which decides by it what can be started and what is waited for; only its colour is ours.
    private static ResourceStateSnapshot? Styled(ResourceStateSnapshot? state, DaemonSnapshot? daemon, bool refused) => state switch
    {
        null => null,
        { Text: "Running" } when daemon?.State == DaemonState.Unhealthy => state with { Style = KnownResourceStateStyles.Error },
        _ when KnownResourceStates.TerminalStates.Contains(state.Text) && (refused || daemon?.State is DaemonState.CrashLooping or DaemonState.Foreign or DaemonState.Failed)
            => state with { Style = KnownResourceStateStyles.Error },
        _ when KnownResourceStates.TerminalStates.Contains(state.Text) && daemon?.State == DaemonState.Backoff => state with { Style = KnownResourceStateStyles.Warn },
        { Text: "Running" } when daemon?.State == DaemonState.Running && state.Style == KnownResourceStateStyles.Error => state with { Style = KnownResourceStateStyles.Success },
        _ => state,
    };

    private static ImmutableArray<T> Merge<T>(ImmutableArray<T> existing, IReadOnlyCollection<T> ours, Predicate<T> isOurs)
        => [.. (existing.IsDefault ? [] : existing).Where(e => !isOurs(e)), .. ours];
}
