using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using MonitorAspire.Hosting.Resources;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Hosting.Dashboard;

/// <summary>Shows the daemons in Aspire's dashboard as the supervisor sees them: three health reports and the properties. They are
/// published when they change, because Aspire runs the health checks of a healthy resource only every 30 s.</summary>
internal sealed class DaemonDisplay(ResourceNotificationService notifications, DistributedApplicationModel model, TimeProvider time)
{
    private const string PropertyPrefix = "monitor.";

    private readonly ConcurrentDictionary<string, DaemonSnapshot> _daemons = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, string> _refusals = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, string> _published = new(StringComparer.OrdinalIgnoreCase);
    private string? _connectionLost;

    internal DaemonSnapshot? Find(string daemon) => _daemons.GetValueOrDefault(daemon);

    internal Task UpdateAsync(DaemonSnapshot daemon)
    {
        _connectionLost = null;
        _daemons[daemon.Name] = daemon;
        if (daemon.Checks.Any(c => c is { Name: CheckName.Port, Healthy: true }))
        {
            _refusals.TryRemove(daemon.Name, out _);
        }

        return PublishAsync(daemon.Name);
    }

    /// <summary>Shows that the supervisor does not watch the daemons, until it says something again.</summary>
    internal Task ShowConnectionLostAsync(DateTimeOffset lastMessageAt)
    {
        _connectionLost = $"it is not watched: no word from the supervisor since {Time(lastMessageAt)}";
        return Task.WhenAll(_daemons.Keys.Select(PublishAsync));
    }

    /// <summary>Shows why a launch was refused; <see langword="null"/> if the daemon is launched.</summary>
    internal Task SetRefusalAsync(string daemon, string? reason)
    {
        if (reason is null)
        {
            _refusals.TryRemove(daemon, out _);
        }
        else
        {
            _refusals[daemon] = reason;
        }

        return PublishAsync(daemon);
    }

    /// <summary>Why the last launch was refused, or <see langword="null"/>.</summary>
    internal string? RefusalOf(string daemon) => _refusals.GetValueOrDefault(daemon);

    internal (HealthStatus Status, string Description) ResultOf(string daemon, CheckName check)
    {
        var (status, description) = LastResultOf(daemon, check);
        return _connectionLost is { } lost
            ? (status == HealthStatus.Healthy ? HealthStatus.Degraded : status, $"{lost}; before that: {description}")
            : (status, description);
    }

    internal static string Describe(DaemonSnapshot daemon)
    {
        var next = daemon.NextAttemptAt is { } at ? $", next try at {Time(at)}" : "";
        var failures = daemon.ConsecutiveFailures > 0 ? $", {daemon.ConsecutiveFailures} failures in a row" : "";
        return daemon.State switch
        {
            DaemonState.CrashLooping or DaemonState.Backoff => $"{DaemonStates.Words(daemon.State)}{failures}{next}",
            DaemonState.Foreign => $"another process owns the port{next}",
            DaemonState.Starting when daemon.Stage is { } stage => $"starting: {WireNames.Of(stage)}",
            var state => DaemonStates.Words(state) + failures,
        };
    }

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private (HealthStatus Status, string Description) LastResultOf(string daemon, CheckName check)
    {
        if (check == CheckName.Port && _refusals.TryGetValue(daemon, out var refusal))
        {
            return (HealthStatus.Unhealthy, refusal);
        }

        if (!_daemons.TryGetValue(daemon, out var snapshot))
        {
            return (HealthStatus.Unhealthy, "no word from the supervisor yet");
        }

        if (snapshot.State is not (DaemonState.Running or DaemonState.Unhealthy))
        {
            return (HealthStatus.Unhealthy, Describe(snapshot));
        }

        var result = snapshot.Checks.FirstOrDefault(c => c.Name == check);
        return result?.Healthy switch
        {
            false => (HealthStatus.Unhealthy, result.Detail ?? "failed"),
            true => (HealthStatus.Healthy, result.Detail ?? "passed"),

            // The platform cannot tell who owns the port.
            null when snapshot.State == DaemonState.Running => (HealthStatus.Healthy, $"PID {snapshot.Pid}, verified"),
            null => (HealthStatus.Unhealthy, snapshot.LastFailure?.Detail ?? "not known"),
        };
    }

    private async Task PublishAsync(string daemon)
    {
        if (model.Resources.FirstOrDefault(r => r.Annotations.OfType<SupervisionAnnotation>().Any(a => string.Equals(a.DaemonName, daemon, StringComparison.OrdinalIgnoreCase))) is not { } resource)
        {
            return;
        }

        var results = Enum.GetValues<CheckName>().Select(check => (Check: check, Result: ResultOf(daemon, check))).ToList();
        var properties = Properties(daemon);

        // The description of a passed check has a duration, which changes with every probe. It is not published for that alone.
        var content = string.Join('|', results.Select(v => v.Result.Status == HealthStatus.Healthy ? "ok" : v.Result.Description).Concat(properties.Select(p => $"{p.Name}={p.Value}")));
        if (_published.TryGetValue(daemon, out var before) && before == content)
        {
            return;
        }

        _published[daemon] = content;
        var at = time.GetUtcNow().UtcDateTime;
        var reports = results.Select(v => new HealthReportSnapshot($"{resource.Name}-{WireNames.Of(v.Check)}", v.Result.Status, v.Result.Description, null) { LastRunAt = at }).ToList();
        await notifications.PublishUpdateAsync(resource, snapshot => (snapshot with
        {
            Properties = Merge(snapshot.Properties, properties, p => p.Name.StartsWith(PropertyPrefix, StringComparison.Ordinal)),
            State = Styled(snapshot.State, _daemons.GetValueOrDefault(daemon), _refusals.ContainsKey(daemon)),
        }).WithHealthReports(Merge(snapshot.HealthReports, reports, r => reports.Exists(ours => ours.Name == r.Name)))).ConfigureAwait(false);
    }

    private List<ResourcePropertySnapshot> Properties(string daemon)
    {
        var found = new List<DaemonProperty>();
        Add("refused", "Not launched", RefusalOf(daemon));
        if (_daemons.TryGetValue(daemon, out var snapshot))
        {
            Add("state", "Supervision", _connectionLost ?? Describe(snapshot));

            // Aspire's own process ID is that of the process that it launched, which for a project is "dotnet run".
            Add("pid", "Verified process ID", snapshot.Pid?.ToString(CultureInfo.InvariantCulture));
            found.AddRange(DaemonProperties.Of(snapshot));
        }

        return [.. found.Select((p, index) => new ResourcePropertySnapshot(p.Name, p.Value) { DisplayName = p.DisplayName, IsHighlighted = p.IsHighlighted, SortOrder = index })];

        void Add(string name, string displayName, string? value)
        {
            if (value is not null)
            {
                found.Add(new DaemonProperty(PropertyPrefix + name, displayName, value, IsHighlighted: true));
            }
        }
    }

    // The text of the state is Aspire's, which decides by it what can be started and what is waited for. Only the colour is changed.
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

/// <summary>One of the three checks of a daemon. It gives the supervisor's last result and does not probe the daemon again.</summary>
internal sealed class DaemonHealthCheck(DaemonDisplay display, string daemon, CheckName check) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var (status, description) = display.ResultOf(daemon, check);
        return Task.FromResult(new HealthCheckResult(status, description));
    }
}
