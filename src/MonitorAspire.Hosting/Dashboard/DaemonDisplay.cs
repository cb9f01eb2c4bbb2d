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

    /// <summary>Behind the properties that every resource has, so that those of supervision stand together.</summary>
    private const int FirstSortOrder = 10_000;

    private readonly ConcurrentDictionary<string, DaemonSnapshot> _daemons = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, string> _refusals = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, string> _published = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What Aspire said itself before the state was replaced.</summary>
    private readonly ConcurrentDictionary<string, ResourceStateSnapshot> _ownStates = new(StringComparer.OrdinalIgnoreCase);
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
        _connectionLost = $"it is not watched: no word from the supervisor since {DaemonProperties.Time(lastMessageAt)}";
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

    /// <summary>Shows the state of a daemon that waits for its next start again, where Aspire has published its own meanwhile.</summary>
    internal void KeepState(string daemon, CustomResourceSnapshot seen)
    {
        if (_connectionLost is null && RetryState.Of(Find(daemon)) is not null && !_refusals.ContainsKey(daemon) && KnownResourceStates.TerminalStates.Contains(seen.State?.Text))
        {
            _published.TryRemove(daemon, out _);
            _ = PublishAsync(daemon);
        }
    }

    internal (HealthStatus Status, string Description) ResultOf(string daemon, CheckName check)
    {
        var (status, description) = LastResultOf(daemon, check);
        return _connectionLost is { } lost
            ? (status == HealthStatus.Healthy ? HealthStatus.Degraded : status, $"{lost}; before that: {description}")
            : (status, description);
    }

    // While Aspire waits for what a resource needs, the supervisor waits for the launch.
    private string Describe(DaemonSnapshot daemon) =>
        daemon.State == DaemonState.Starting && ResourceOf(daemon.Name) is { } resource
            && notifications.TryGetCurrentState(resource.Name, out var seen) && seen.Snapshot.State?.Text == KnownResourceStates.Waiting
            ? $"waits for {string.Join(", ", resource.Annotations.OfType<WaitAnnotation>().Select(wait => wait.Resource.Name))}"
            : WordsOf(daemon);

    private static string WordsOf(DaemonSnapshot daemon)
    {
        var next = daemon.NextAttemptAt is { } at ? $", next try at {DaemonProperties.Time(at)}" : "";
        var failures = daemon.ConsecutiveFailures > 1 ? $", {daemon.ConsecutiveFailures} failures in a row" : "";
        return daemon.State switch
        {
            DaemonState.CrashLooping or DaemonState.Backoff => $"{DaemonStates.Words(daemon.State)}{failures}{next}",
            DaemonState.Foreign => $"another process owns the port{next}",
            DaemonState.Waiting => $"waits for {string.Join(", ", daemon.WaitingFor)}",
            DaemonState.Starting when daemon.Stage is { } stage => $"starting: {WireNames.Of(stage)}",
            DaemonState.Running => DaemonStates.Words(daemon.State),
            var state => DaemonStates.Words(state) + failures,
        };
    }

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

    private IResource? ResourceOf(string daemon) =>
        model.Resources.FirstOrDefault(r => r.Annotations.OfType<SupervisionAnnotation>().Any(a => string.Equals(a.DaemonName, daemon, StringComparison.OrdinalIgnoreCase)));

    private async Task PublishAsync(string daemon)
    {
        if (ResourceOf(daemon) is not { } resource)
        {
            return;
        }

        var results = Enum.GetValues<CheckName>().Select(check => (Check: check, Result: ResultOf(daemon, check))).ToList();
        var properties = Properties(daemon);

        // The description of a passed check and the health answer have a duration, which changes with every probe. They are not published for
        // that alone.
        var content = string.Join('|', results.Select(v => v.Result.Status == HealthStatus.Healthy ? "ok" : v.Result.Description)
            .Concat(properties.Where(p => p.Name != $"{PropertyPrefix}health.answer").Select(p => $"{p.Name}={p.Value}")));
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
            State = Shown(snapshot.State, daemon),
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

        return [.. found.Select((p, index) => new ResourcePropertySnapshot(p.Name, p.Value) { DisplayName = p.DisplayName, IsHighlighted = p.IsHighlighted, SortOrder = FirstSortOrder + index })];

        void Add(string name, string displayName, string? value)
        {
            if (value is not null)
            {
                found.Add(new DaemonProperty(PropertyPrefix + name, displayName, value, IsHighlighted: true));
            }
        }
    }

    // While a process lives, the text of the state is Aspire's, which decides by it what can be started and what is waited for. Only the colour
    // is changed then.
    private ResourceStateSnapshot? Shown(ResourceStateSnapshot? state, string daemon)
    {
        if (RetryState.Is(state?.Text))
        {
            state = _ownStates.GetValueOrDefault(daemon) ?? new ResourceStateSnapshot(KnownResourceStates.Finished, null);
        }

        if (state is null)
        {
            return null;
        }

        _ownStates[daemon] = state;
        var found = _daemons.GetValueOrDefault(daemon);
        var hasEnded = KnownResourceStates.TerminalStates.Contains(state.Text);
        return found?.State switch
        {
            _ when hasEnded && _refusals.ContainsKey(daemon) => Styled(KnownResourceStateStyles.Error),
            DaemonState.CrashLooping or DaemonState.Backoff when hasEnded && _connectionLost is null => RetryState.Of(found),
            DaemonState.Foreign or DaemonState.Failed or DaemonState.CrashLooping when hasEnded => Styled(KnownResourceStateStyles.Error),
            DaemonState.Unhealthy when state.Text == KnownResourceStates.Running => Styled(KnownResourceStateStyles.Error),
            DaemonState.Running when state.Text == KnownResourceStates.Running && state.Style == KnownResourceStateStyles.Error => Styled(KnownResourceStateStyles.Success),
            _ => state,
        };

        ResourceStateSnapshot Styled(string style) => state with { Style = style };
    }

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
