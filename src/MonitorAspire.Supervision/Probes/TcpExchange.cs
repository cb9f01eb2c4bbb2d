using System.Net.Sockets;

namespace MonitorAspire.Supervision.Probes;

/// <summary>One health check that makes a connection and asks nothing. It passes when the process itself has taken the connection.</summary>
internal sealed class TcpExchange(ProbeConnection connection, TimeProvider time)
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(50);

    /// <summary>Makes the connection. Never throws; a cancelled token gives <see cref="HealthOutcome.TimedOut"/>.</summary>
    public async Task<HealthResult> RunAsync(CancellationToken token)
    {
        var what = $"connection to {connection.Target}";
        try
        {
            using var stream = await connection.ConnectAsync(token).ConfigureAwait(false);
            for (var delay = TimeSpan.FromMilliseconds(1); connection.WaitsForTheProcess(); delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay)
            {
                await Task.Delay(delay, time, token).ConfigureAwait(false);
            }

            connection.FindServers();
            return connection.ForeignServer() is { } foreign
                ? connection.Result(HealthOutcome.IdentityMismatch, $"{what}: accepted, but {foreign}")
                : connection.Result(HealthOutcome.Healthy, $"{what}: accepted after {HealthText.Of(connection.Elapsed)}");
        }
        catch (OperationCanceledException)
        {
            return connection.TimedOut(what, "the kernel completed it, but the process did not take it");
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return connection.Result(HealthOutcome.Unreachable, $"{what}: {e.Message}");
        }
    }
}
