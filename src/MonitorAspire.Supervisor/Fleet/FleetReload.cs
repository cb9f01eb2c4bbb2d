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

    private async Task ReloadAsync(CancellationToken cancellationToken)
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
                LogRefusedOnce(string.Join("; ", change.Errors));
                return;
            }

            _refused = default;
            host.Value.ShutdownTimeout = FleetSetup.ShutdownTimeout(fleet.Monitors);
            LogChange(change, ApplyWebhook(changed));
            LogFixedOnce(string.Join("; ", settings.FixedDifferences(changed)));
        }
        catch (ConfigurationException e)
        {
            LogRefusedOnce(e.Message);
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

    private void LogChange(FleetChange change, IEnumerable<string> settingsChanged)
    {
        List<string> options = [.. change.Options, .. settingsChanged];
        if (change.IsEmpty && options.Count == 0)
        {
            LogNothing();
            return;
        }

        LogApplied(Names(change.Added), Names(change.Removed), Names(change.Restarted), Names(change.Updated), Names(options));
        foreach (var failure in change.Failures)
        {
            LogFailure(failure);
        }
    }

    // Watcher and look may both tell the same change.
    private void LogRefusedOnce(string problem)
    {
        if (_refused != (_read, problem))
        {
            LogRefused(problem);
        }

        _refused = (_read, problem);
    }

    // A file that is saved in two steps is read twice. One message is enough.
    private void LogFixedOnce(string differences)
    {
        if (differences.Length > 0 && differences != _fixed)
        {
            LogFixed(differences);
        }

        _fixed = differences;
    }

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
