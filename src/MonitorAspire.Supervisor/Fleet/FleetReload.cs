using System.Threading.Channels;
using Microsoft.Extensions.Primitives;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>Takes over a changed configuration without a restart: only the daemons that it changes are touched. A bad one changes nothing and says why.</summary>
internal sealed partial class FleetReload(
    FleetSetup.SupervisedFleet fleet,
    DaemonEnvironment daemonEnvironment,
    ConfigurationSetup setup,
    IConfiguration configuration,
    IHostEnvironment hostEnvironment,
    ILogger<FleetReload> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // One place is enough: several changes while one is being taken over are one.
        var changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using var registration = ChangeToken.OnChange(configuration.GetReloadToken, () => changes.Writer.TryWrite(true));
        await foreach (var _ in changes.Reader.ReadAllAsync(stoppingToken))
        {
            await TakeOverAsync(stoppingToken);
        }
    }

    private async Task TakeOverAsync(CancellationToken cancellationToken)
    {
        try
        {
            var specs = MonitorsReader.Resolve(MonitorsReader.Read(setup.ReadAgain(hostEnvironment.EnvironmentName)));
            var change = await fleet.Supervisor.ApplyAsync([.. specs.Select(daemonEnvironment.Complete)], cancellationToken);
            if (change.Errors.Count > 0)
            {
                LogRefused(string.Join("; ", change.Errors));
                return;
            }

            LogTakenOver(Names(change.Added), Names(change.Removed), Names(change.Restarted), Names(change.Updated));
            foreach (var failure in change.Failures)
            {
                LogFailure(failure);
            }
        }
        catch (ConfigurationException e)
        {
            LogRefused(e.Message);
        }
    }

    private static string Names(IReadOnlyList<string> names) => names.Count == 0 ? "none" : string.Join(", ", names);

    [LoggerMessage(30, LogLevel.Information, "Changed configuration taken over. Added: {Added}; removed: {Removed}; restarted: {Restarted}; updated: {Updated}")]
    private partial void LogTakenOver(string added, string removed, string restarted, string updated);

    [LoggerMessage(31, LogLevel.Error, "Changed configuration NOT taken over, nothing was changed: {Problem}")]
    private partial void LogRefused(string problem);

    [LoggerMessage(32, LogLevel.Error, "Changed configuration taken over but for this: {Failure}")]
    private partial void LogFailure(string failure);
}
