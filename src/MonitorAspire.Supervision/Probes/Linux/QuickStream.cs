using System.Net.Sockets;
using System.Runtime.Versioning;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Probes.Linux;

/// <summary>
/// A connection to a daemon that mostly answers at once. The thread waits for the answer for a few milliseconds, which costs less than to go on later
/// on another thread. A slower answer is awaited as usual.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class QuickStream(TcpConnection connection) : Stream
{
    /// <summary>How long a thread waits.</summary>
    internal const int LimitMilliseconds = 4;

    private NetworkStream? _later;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    // The usual way takes what has failed as well, and has the right exception for it.
    private NetworkStream Later => _later ??= new NetworkStream(connection.ToSocket(), ownsSocket: true);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _later is null && !cancellationToken.IsCancellationRequested && connection.TryReceive(buffer.Span, LimitMilliseconds) is >= 0 and var read
            ? ValueTask.FromResult(read)
            : Later.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var sent = _later is null ? connection.Send(buffer.Span) : 0;
        return sent == buffer.Length ? ValueTask.CompletedTask : Later.WriteAsync(buffer[sent..], cancellationToken);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _later?.Dispose();
            connection.Dispose();
        }

        base.Dispose(disposing);
    }
}
