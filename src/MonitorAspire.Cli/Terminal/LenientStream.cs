namespace MonitorAspire.Cli.Terminal;

/// <summary>
/// A standard stream whose reader may go away. That is no failure of ours: the first write that fails says so once, and all
/// later ones go nowhere.
/// </summary>
/// <param name="inner">The stream.</param>
/// <param name="gone">Called once.</param>
internal sealed class LenientStream(Stream inner, Action gone) : Stream
{
    private bool _gone;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_gone)
        {
            return;
        }

        try
        {
            inner.Write(buffer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _gone = true;
            gone();
        }
    }

    public override void Flush()
    {
        if (!_gone)
        {
            inner.Flush();
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
