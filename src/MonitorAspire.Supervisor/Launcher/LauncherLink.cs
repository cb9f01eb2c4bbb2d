using System.Net.WebSockets;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Launcher;

namespace MonitorAspire.Supervisor.Launcher;

/// <summary>Connects the supervisor with the program that launches the attached daemons (an Aspire AppHost). That program connects to the
/// supervisor, so that it needs no port. It answers requests and reports the state of its processes.</summary>
internal sealed partial class LauncherLink(TimeProvider time, ILogger<LauncherLink> logger)
{
    private readonly Lock _lock = new();
    private LauncherConnection? _connection;

    internal LauncherController Controller { get; } = new(time);

    /// <summary>Serves a launcher until its connection ends: unanswered requests and all daemons first, then what changes. It takes the
    /// place of a launcher that is connected already.</summary>
    internal async Task ServeAsync(LauncherConnection connection, IFleet fleet, CancellationToken cancellationToken)
    {
        using var session = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Connect(connection);
        var updating = Task.WhenAll(SendChangesAsync(connection, fleet, session.Token), SendAllRegularlyAsync(connection, fleet, session.Token));
        try
        {
            LogConnected();
            LogDisconnected(await connection.RunAsync(
                message =>
                {
                    Receive(message, fleet);
                    return Task.CompletedTask;
                },
                session.Token));
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            LogDisconnected(e.Message);
        }
        finally
        {
            Disconnect(connection);
            await session.CancelAsync();
            await updating.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Connect(LauncherConnection connection)
    {
        lock (_lock)
        {
            _connection?.Close("another launcher has connected");
            _connection = connection;
            Controller.Connect(connection.Send);
        }
    }

    private void Disconnect(LauncherConnection connection)
    {
        lock (_lock)
        {
            if (_connection == connection)
            {
                _connection = null;
                Controller.Disconnect();
            }
        }
    }

    private void Receive(LauncherMessage message, IFleet fleet)
    {
        switch (message)
        {
            // No caller waits for an answer that came too late.
            case LauncherAnswer answer when Controller.Receive(answer):
                break;
            case LauncherReport report when fleet.Find(report.Daemon) is not null:
                Controller.Receive(report);
                break;
            default:
                LogIgnored(message.ToString());
                break;
        }
    }

    private static async Task SendChangesAsync(LauncherConnection connection, IFleet fleet, CancellationToken cancellationToken)
    {
        await foreach (var change in fleet.WatchAsync(null, cancellationToken))
        {
            connection.Send(new DaemonUpdate(fleet.Find(change.Daemon.Name) ?? change.Daemon));
        }
    }

    private async Task SendAllRegularlyAsync(LauncherConnection connection, IFleet fleet, CancellationToken cancellationToken)
    {
        // Probes that find what the last one found are no events.
        using var timer = new PeriodicTimer(LauncherConnection.UpdateInterval, time);
        do
        {
            foreach (var daemon in fleet.Daemons)
            {
                connection.Send(new DaemonUpdate(daemon));
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    [LoggerMessage(50, LogLevel.Information, "The AppHost is connected")]
    private partial void LogConnected();

    [LoggerMessage(51, LogLevel.Information, "The connection of the AppHost has ended: {Reason}")]
    private partial void LogDisconnected(string reason);

    [LoggerMessage(52, LogLevel.Debug, "Ignored from the AppHost: {Message}")]
    private partial void LogIgnored(string message);
}
