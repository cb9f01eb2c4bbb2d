using System.Text;
using Grpc.Core;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervisor.Dashboard.Protocol;

namespace MonitorAspire.Supervisor.Dashboard.ConsoleLogs;

/// <summary>
/// Takes bytes of a log and sends lines of it, numbered, in messages of a bounded size. Each message is awaited: a dashboard that is
/// slow makes the reading slow, not the memory full.
/// </summary>
/// <param name="writer">Where the lines go.</param>
internal sealed class LineBatches(IServerStreamWriter<WatchResourceConsoleLogsUpdate> writer) : WriteOnlyStream
{
    private const int MaximumLines = 500;
    private const int MaximumCharacters = 256 * 1024;

    // A daemon that never writes a newline must not grow one line for ever.
    internal const int MaximumLineLength = 32 * 1024;

    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _line = new();
    private WatchResourceConsoleLogsUpdate _batch = new();
    private char[] _characters = [];
    private int _batchCharacters;
    private int _number;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var needed = Encoding.UTF8.GetMaxCharCount(buffer.Length);
        if (_characters.Length < needed)
        {
            _characters = new char[needed];
        }

        var count = _decoder.GetChars(buffer.Span, _characters, flush: false);
        for (var i = 0; i < count; i++)
        {
            var c = _characters[i];
            if (c != '\n')
            {
                _line.Append(c);
            }

            if (c == '\n' || _line.Length >= MaximumLineLength)
            {
                await EndLineAsync(cancellationToken);
            }
        }
    }

    /// <summary>Sends the lines that are complete.</summary>
    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_batch.LogLines.Count > 0)
        {
            var batch = _batch;
            _batch = new WatchResourceConsoleLogsUpdate();
            _batchCharacters = 0;
            await writer.WriteAsync(batch, cancellationToken);
        }
    }

    /// <summary>Sends everything, the line that has no end yet too.</summary>
    internal async Task FinishAsync(CancellationToken cancellationToken)
    {
        if (_line.Length > 0)
        {
            await EndLineAsync(cancellationToken);
        }

        await FlushAsync(cancellationToken);
    }

    public override void Flush() => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private async ValueTask EndLineAsync(CancellationToken cancellationToken)
    {
        if (_line.Length > 0 && _line[^1] == '\r')
        {
            _line.Length--;
        }

        // Output and errors share one file, so which of the two a line was is not known.
        _batch.LogLines.Add(new ConsoleLogLine { Text = _line.ToString(), IsStdErr = false, LineNumber = ++_number });
        _batchCharacters += _line.Length;
        _line.Clear();
        if (_batch.LogLines.Count >= MaximumLines || _batchCharacters >= MaximumCharacters)
        {
            await FlushAsync(cancellationToken);
        }
    }
}
