using System.Text;

namespace MonitorAspire.Supervision.Identity.Linux;

/// <summary>Strings that each end in a NUL byte: the format of <c>/proc/PID/cmdline</c> and <c>/proc/PID/environ</c>.</summary>
internal static class NullSeparated
{
    // python3\0-m\0http.server\0\0      (four arguments, the last one empty)
    //
    // A program may overwrite the memory behind it (setproctitle), so the last NUL can be missing.

    /// <summary>All strings, empty ones included.</summary>
    /// <param name="content">The content of the file.</param>
    public static IReadOnlyList<string> Parse(ReadOnlySpan<byte> content)
    {
        if (content.IsEmpty)
        {
            return [];
        }

        if (content[^1] == 0)
        {
            content = content[..^1];
        }

        var strings = new List<string>();
        foreach (var range in content.Split((byte)0))
        {
            strings.Add(Encoding.UTF8.GetString(content[range]));
        }

        return strings;
    }

    /// <summary>Whether one of the strings is exactly this one.</summary>
    /// <param name="content">The content of the file.</param>
    /// <param name="wanted">The string.</param>
    public static bool Contains(ReadOnlySpan<byte> content, ReadOnlySpan<byte> wanted)
    {
        foreach (var range in content.Split((byte)0))
        {
            if (content[range].SequenceEqual(wanted))
            {
                return true;
            }
        }

        return false;
    }
}
