using Grpc.Core;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervisor.Dashboard.Protocol;

namespace MonitorAspire.Supervisor.Dashboard.Resources;

/// <summary>Sends a log to the console of the dashboard: numbered lines in messages of a bounded size. Each message is awaited, so a slow
/// dashboard slows down the reading and does not fill the memory.</summary>
internal sealed class ConsoleLog
{
    /// <summary>How many of the existing lines are sent.</summary>
    internal const int TailLines = 2000;

    private const int MaximumLines = 500;
    private const int MaximumCharacters = 256 * 1024;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly IServerStreamWriter<WatchResourceConsoleLogsUpdate> _writer;
    private WatchResourceConsoleLogsUpdate _message = new();
    private int _characters;
    private int _number;

    private ConsoleLog(IServerStreamWriter<WatchResourceConsoleLogsUpdate> writer) => _writer = writer;

    /// <summary>Sends the last lines and, if it follows, all later ones until it is cancelled. The file need not exist yet.</summary>
    internal static async Task SendAsync(
        string path, bool follow, IServerStreamWriter<WatchResourceConsoleLogsUpdate> writer, TimeProvider time, CancellationToken cancellationToken)
    {
        var console = new ConsoleLog(writer);
        using var log = new LogFollower(path);
        await using var lines = new LineStream(console.AddAsync);
        await log.CopyTailAsync(TailLines, lines, cancellationToken);
        if (!follow)
        {
            await lines.FinishAsync(cancellationToken);
            await console.SendAsync(cancellationToken);
            return;
        }

        await console.SendAsync(cancellationToken);
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            await log.CopyNewAsync(lines, cancellationToken);
            await console.SendAsync(cancellationToken);
        }
    }

    private async ValueTask AddAsync(string line, CancellationToken cancellationToken)
    {
        // Stdout and stderr are in one file, so it is not known which of them a line was written to.
        _message.LogLines.Add(new ConsoleLogLine { Text = line, IsStdErr = false, LineNumber = ++_number });
        _characters += line.Length;
        if (_message.LogLines.Count >= MaximumLines || _characters >= MaximumCharacters)
        {
            await SendAsync(cancellationToken);
        }
    }

    private async ValueTask SendAsync(CancellationToken cancellationToken)
    {
        if (_message.LogLines.Count > 0)
        {
            var message = _message;
            _message = new WatchResourceConsoleLogsUpdate();
            _characters = 0;
            await _writer.WriteAsync(message, cancellationToken);
        }
    }
}
