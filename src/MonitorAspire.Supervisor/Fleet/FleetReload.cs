using System.Runtime.InteropServices;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>Applies a changed configuration without a restart. Only the daemons that differ are touched. An invalid configuration changes
/// nothing and is logged once. The configuration is read again when a file changes, also behind symbolic links, and on SIGHUP under
/// systemd and as PID 1.</summary>
internal sealed partial class FleetReload(
    FleetDefinition definition,
    AlertWebhook webhook,
    SupervisorSettings settings,
    ConfigurationSetup setup,
    IConfiguration configuration,
    IHostEnvironment hostEnvironment,
    IOptions<HostOptions> host,
    TimeProvider time,
    ILogger<FleetReload> logger) : BackgroundService
{
    // The watcher of a file tells a change of the file itself at once. A change behind a symbolic link is only found by looking.
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private string _fixed = "";
    private string _read = "";
    private (string Read, string Problem) _refused;
    private Uri? _webhook = settings.AlertWebhook;
    private readonly SemaphoreSlim _reloading = new(1);
    private volatile FleetReloadReport _last = new();

    /// <summary>What the last reading did that changed or refused something.</summary>
    internal FleetReloadReport Last => _last;

    /// <summary>Reads the configuration now. Returns what that changed; an empty report where nothing differs.</summary>
    internal async Task<FleetReloadReport> ReloadAsync(CancellationToken cancellationToken)
    {
        await _reloading.WaitAsync(cancellationToken);
        try
        {
            return await ReadAndApplyAsync(cancellationToken);
        }
        finally
        {
            _reloading.Release();
        }
    }

    public override void Dispose()
    {
        _reloading.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        definition.LogChangesToConfiguration();

        // Changes that come while one is applied are read together afterwards, so one place is enough.
        var changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using var registration = ChangeToken.OnChange(configuration.GetReloadToken, () => changes.Writer.TryWrite(true));
        using var hangUp = HangUp(() => changes.Writer.TryWrite(true));
        _read = setup.Fingerprint(hostEnvironment.EnvironmentName);
        await using var look = time.CreateTimer(
            _ =>
            {
                if (setup.Fingerprint(hostEnvironment.EnvironmentName) != Volatile.Read(ref _read))
                {
                    changes.Writer.TryWrite(true);
                }
            },
            null,
            LookInterval,
            LookInterval);
        await foreach (var _ in changes.Reader.ReadAllAsync(stoppingToken))
        {
            await ReloadAsync(stoppingToken);
        }
    }

    // In a terminal SIGHUP means that the terminal was closed, and ends the supervisor as any other program.
    private static PosixSignalRegistration? HangUp(Action asked) => !OperatingSystem.IsWindows() && (SystemdHelpers.IsSystemdService() || Environment.ProcessId == 1)
        ? PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            asked();
        })
        : null;

    private async Task<FleetReloadReport> ReadAndApplyAsync(CancellationToken cancellationToken)
    {
        // Before it is read: a change that comes after that is found by the next look.
        Volatile.Write(ref _read, setup.Fingerprint(hostEnvironment.EnvironmentName));
        try
        {
            var read = setup.ReadAgain(hostEnvironment.EnvironmentName);
            var fleet = await MonitorsReader.ReadFleetAsync(read);
            var changed = SupervisorSettings.Read(read, fleet.Monitors);
            var change = await definition.ReconfigureAsync(fleet, cancellationToken);
            if (change.Errors.Count > 0)
            {
                return Refuse(string.Join("; ", change.Errors));
            }

            _refused = default;
            host.Value.ShutdownTimeout = FleetSetup.ShutdownTimeout(fleet.Monitors, fleet.Specs);
            return Report(change, ApplyWebhook(changed), string.Join("; ", settings.FixedDifferences(changed)));
        }
        catch (ConfigurationException e)
        {
            return Refuse(e.Message);
        }
    }

    private List<string> ApplyWebhook(SupervisorSettings changed)
    {
        if (_webhook == changed.AlertWebhook)
        {
            return [];
        }

        webhook.Use(changed.AlertWebhook);
        _webhook = changed.AlertWebhook;

        // The URL itself is not logged, because it may contain a secret.
        return [_webhook is null ? $"{SupervisorSettings.AlertWebhookKey} none" : $"{SupervisorSettings.AlertWebhookKey} at {_webhook.Host}"];
    }

    private FleetReloadReport Report(FleetChange change, IEnumerable<string> settingsChanged, string needsRestart)
    {
        // A file that is saved in two steps is read twice. One message is enough.
        var isNewlyFixed = needsRestart.Length > 0 && needsRestart != _fixed;
        _fixed = needsRestart;
        var report = new FleetReloadReport
        {
            Added = change.Added,
            Removed = change.Removed,
            Restarted = change.Restarted,
            Updated = change.Updated,
            Options = [.. change.Options, .. settingsChanged],
            Failures = change.Failures,
            NeedsRestart = needsRestart.Length > 0 ? needsRestart : null,
        };
        var isChanged = !change.IsEmpty || report.Options.Count > 0;
        if (isChanged)
        {
            LogApplied(Names(report.Added), Names(report.Removed), Names(report.Restarted), Names(report.Updated), Names(report.Options));
        }
        else
        {
            LogNothing();
        }

        foreach (var failure in report.Failures)
        {
            LogFailure(failure);
        }

        if (isNewlyFixed)
        {
            LogFixed(needsRestart);
        }

        // A file that was wrong and is as before again is told as well.
        return isChanged || isNewlyFixed || _last.Problem is not null ? Remember(report) : report;
    }

    // Watcher and look may both tell the same change.
    private FleetReloadReport Refuse(string problem)
    {
        var isKnown = _refused == (_read, problem);
        _refused = (_read, problem);
        if (isKnown)
        {
            return _last with { Problem = problem };
        }

        LogRefused(problem);
        return Remember(new FleetReloadReport { Problem = problem });
    }

    private FleetReloadReport Remember(FleetReloadReport report) => _last = report with { Number = _last.Number + 1, At = time.GetUtcNow() };

    private static string Names(IReadOnlyList<string> names) => names.Count == 0 ? "none" : string.Join(", ", names);

    [LoggerMessage(30, LogLevel.Information, "Changed configuration applied. Added: {Added}; removed: {Removed}; restarted: {Restarted}; updated: {Updated}; for all: {Options}")]
    private partial void LogApplied(string added, string removed, string restarted, string updated, string options);

    [LoggerMessage(31, LogLevel.Error, "Changed configuration NOT applied, nothing was changed: {Problem}")]
    private partial void LogRefused(string problem);

    [LoggerMessage(32, LogLevel.Error, "Changed configuration applied, except for this: {Failure}")]
    private partial void LogFailure(string failure);

    [LoggerMessage(33, LogLevel.Warning, "Changed in the configuration, but only applied by a restart of the supervisor: {Differences}")]
    private partial void LogFixed(string differences);

    [LoggerMessage(34, LogLevel.Debug, "The configuration was read again; nothing has changed")]
    private partial void LogNothing();
}
