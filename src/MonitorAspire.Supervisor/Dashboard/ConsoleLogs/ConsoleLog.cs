using Grpc.Core;
using MonitorAspire.Supervisor.Dashboard.Protocol;
using MonitorAspire.Supervisor.Logs;

namespace MonitorAspire.Supervisor.Dashboard.ConsoleLogs;

/// <summary>A daemon's log as the dashboard's console.</summary>
internal static class ConsoleLog
{
    /// <summary>How many of the lines that are there already are shown. What came before is in the file.</summary>
    internal const int TailLines = 2000;

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>Sends the latest lines and, where it follows, what comes after them, over every rotation.</summary>
    /// <param name="path">The log; it need not exist yet.</param>
    /// <param name="follow">Whether to go on; then it ends with the token only.</param>
    /// <param name="writer">Where the lines go.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal static async Task SendAsync(
        string path, bool follow, IServerStreamWriter<WatchResourceConsoleLogsUpdate> writer, TimeProvider time, CancellationToken cancellationToken)
    {
        using var log = new LogReader(path);
        await using var lines = new LineBatches(writer);
        await log.CopyTailAsync(TailLines, lines, cancellationToken);
        if (!follow)
        {
            await lines.FinishAsync(cancellationToken);
            return;
        }

        await lines.FlushAsync(cancellationToken);
        using var timer = new PeriodicTimer(LookInterval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            if (await log.CopyNewAsync(lines, cancellationToken))
            {
                await lines.FlushAsync(cancellationToken);
            }
        }
    }
}
