using System.Runtime.InteropServices;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>
/// Takes over a changed configuration without a restart: only the daemons that it changes are touched. A bad one changes nothing and says
/// why. Looks when a file changes, and at SIGHUP where that is a service manager's way to ask.
/// </summary>
internal sealed partial class FleetReload(
    FleetDefinition definition,
    AlertWebhook webhook,
    SupervisorSettings settings,
    ConfigurationSetup setup,
    IConfiguration configuration,
    IHostEnvironment hostEnvironment,
    IOptions<HostOptions> host,
    ILogger<FleetReload> logger) : BackgroundService
{
    private string _fixed = "";
    private Uri? _webhook = settings.AlertWebhook;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        definition.TellOverlay();

        // One place is enough: several changes while one is being taken over are one.
        var changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using var registration = ChangeToken.OnChange(configuration.GetReloadToken, () => changes.Writer.TryWrite(true));
        using var hangUp = HangUp(() => changes.Writer.TryWrite(true));
        await foreach (var _ in changes.Reader.ReadAllAsync(stoppingToken))
        {
            await TakeOverAsync(stoppingToken);
        }
    }

    // In a terminal SIGHUP means that the terminal is gone, and ends the supervisor as it ends any program.
    private static PosixSignalRegistration? HangUp(Action asked) => !OperatingSystem.IsWindows() && SystemdHelpers.IsSystemdService()
        ? PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            asked();
        })
        : null;

    private async Task TakeOverAsync(CancellationToken cancellationToken)
    {
        try
        {
            var read = setup.ReadAgain(hostEnvironment.EnvironmentName);
            var fleet = await MonitorsReader.ReadFleetAsync(read);
            var changed = SupervisorSettings.Read(read, fleet.Monitors);
            var change = await definition.ReconfigureAsync(fleet, cancellationToken);
            if (change.Errors.Count > 0)
            {
                LogRefused(string.Join("; ", change.Errors));
                return;
            }

            host.Value.ShutdownTimeout = FleetSetup.ShutdownTimeout(fleet.Monitors);
            Tell(change, TakeOver(changed));
            TellFixed(string.Join("; ", settings.FixedDifferences(changed)));
        }
        catch (ConfigurationException e)
        {
            LogRefused(e.Message);
        }
    }

    private List<string> TakeOver(SupervisorSettings changed)
    {
        if (_webhook == changed.AlertWebhook)
        {
            return [];
        }

        webhook.Use(changed.AlertWebhook);
        _webhook = changed.AlertWebhook;

        // Not the address itself: it may well have a secret in it.
        return [_webhook is null ? $"{SupervisorSettings.AlertWebhookKey} none" : $"{SupervisorSettings.AlertWebhookKey} at {_webhook.Host}"];
    }

    private void Tell(FleetChange change, IEnumerable<string> settingsChanged)
    {
        List<string> options = [.. change.Options, .. settingsChanged];
        if (change.IsEmpty && options.Count == 0)
        {
            LogNothing();
            return;
        }

        LogTakenOver(Names(change.Added), Names(change.Removed), Names(change.Restarted), Names(change.Updated), Names(options));
        foreach (var failure in change.Failures)
        {
            LogFailure(failure);
        }
    }

    // A file that is saved in two steps is read twice; said once is enough.
    private void TellFixed(string differences)
    {
        if (differences.Length > 0 && differences != _fixed)
        {
            LogFixed(differences);
        }

        _fixed = differences;
    }

    private static string Names(IReadOnlyList<string> names) => names.Count == 0 ? "none" : string.Join(", ", names);

    [LoggerMessage(30, LogLevel.Information, "Changed configuration taken over. Added: {Added}; removed: {Removed}; restarted: {Restarted}; updated: {Updated}; for all: {Options}")]
    private partial void LogTakenOver(string added, string removed, string restarted, string updated, string options);

    [LoggerMessage(31, LogLevel.Error, "Changed configuration NOT taken over, nothing was changed: {Problem}")]
    private partial void LogRefused(string problem);

    [LoggerMessage(32, LogLevel.Error, "Changed configuration taken over but for this: {Failure}")]
    private partial void LogFailure(string failure);

    [LoggerMessage(33, LogLevel.Warning, "Changed in the configuration, but only a restart of the supervisor takes it over: {Differences}")]
    private partial void LogFixed(string differences);

    [LoggerMessage(34, LogLevel.Debug, "The configuration was read again; nothing in it is other than before")]
    private partial void LogNothing();
}
