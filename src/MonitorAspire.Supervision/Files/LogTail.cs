namespace MonitorAspire.Supervision.Files;

/// <summary>Finds where the last lines of a log begin. Reads backwards and in blocks, because a log may be larger than memory.</summary>
internal sealed class LogTail(int lines)
{
    private const int BlockBytes = 64 * 1024;

    private int _left = lines;
    private long _lineLength;
    private bool _isEnd = true;

    internal bool IsComplete => _left <= 0;

    /// <summary>Offset of the first byte of the tail that is in this file. Bytes after the length are ignored. Ask the newest file first.</summary>
    internal long FindStart(LogPart part, long length)
    {
        if (IsComplete)
        {
            return length;
        }

        var buffer = new byte[(int)Math.Min(BlockBytes, length)];
        for (var end = length; end > 0;)
        {
            var start = Math.Max(0, end - buffer.Length);
            var block = buffer.AsSpan(0, part.Read(buffer.AsSpan(0, (int)(end - start)), start));
            for (var i = block.Length - 1; i >= 0; i--)
            {
                if (IsStart(block[i]))
                {
                    return start + i + 1;
                }
            }

            end = start;
        }

        return 0;
    }

    // The newline at the very end closes the last line; every other one begins a line. A line that is too long is several lines, so
    // that a tail has a bounded size.
    private bool IsStart(byte value)
    {
        if ((value == (byte)'\n' && !_isEnd) || _lineLength >= LineStream.MaximumLineLength)
        {
            _left--;
            _lineLength = 0;
        }

        _lineLength++;
        _isEnd = false;
        return IsComplete;
    }
}
