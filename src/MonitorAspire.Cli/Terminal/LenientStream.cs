using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Cli.Terminal;

/// <summary>A standard stream whose reader may go away. That is not an error of this program: the first failed write is reported once, and
/// later writes are dropped.</summary>
internal sealed class LenientStream(Stream inner, Action gone) : WriteOnlyStream
{
    private bool _gone;

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

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
