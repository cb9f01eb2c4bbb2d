using System.Text;
using System.Text.RegularExpressions;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Files;

/// <summary>Searches the lines that a daemon has written since its start for one that matches a pattern. It goes on where the last search ended.</summary>
internal sealed class LogPattern(string path, long offset, Regex pattern)
{
    private const int Block = 64 * 1024;

    // A longer line is searched up to here. A regular expression needs time for each character.
    private const int LongestLine = 8 * 1024;

    private readonly List<byte> _line = [];
    private long _position = offset;

    /// <summary>The line that matched, or <see langword="null"/>.</summary>
    internal string? Found { get; private set; }

    /// <summary>The lines that were searched.</summary>
    internal int Lines { get; private set; }

    /// <summary>Whether the pattern took too long on a line. That line counts as one without a match.</summary>
    internal bool TookTooLong { get; private set; }

    /// <summary>Searches what was written since the last search. A line without its end is searched when it is complete.</summary>
    /// <exception cref="IOException">The log cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The log cannot be read.</exception>
    internal bool Search(CancellationToken cancellationToken)
    {
        if (Found is not null)
        {
            return true;
        }

        using var handle = NoFollowFile.OpenRead(path);
        if (RandomAccess.GetLength(handle) < _position)
        {
            _position = 0; // truncated or replaced
            _line.Clear();
        }

        var buffer = new byte[Block];
        int read;
        while (Found is null && !cancellationToken.IsCancellationRequested && (read = RandomAccess.Read(handle, buffer, _position)) > 0)
        {
            _position += read;
            Search(buffer.AsSpan(0, read));
        }

        return Found is not null;
    }

    private void Search(ReadOnlySpan<byte> bytes)
    {
        while (Found is null && bytes.IndexOf((byte)'\n') is >= 0 and var end)
        {
            Keep(bytes[..end]);
            var line = Encoding.UTF8.GetString(_line.ToArray()).TrimEnd('\r');
            _line.Clear();
            Lines++;
            try
            {
                Found = pattern.IsMatch(line) ? line : null;
            }
            catch (RegexMatchTimeoutException)
            {
                TookTooLong = true;
            }

            bytes = bytes[(end + 1)..];
        }

        Keep(bytes);
    }

    private void Keep(ReadOnlySpan<byte> bytes) => _line.AddRange(bytes[..Math.Min(bytes.Length, LongestLine - _line.Count)]);
}
