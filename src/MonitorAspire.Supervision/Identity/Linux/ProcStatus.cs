using System.Buffers.Text;

namespace MonitorAspire.Supervision.Identity.Linux;

/// <summary>The fields of <c>/proc/PID/status</c> that <see cref="ProcStat"/> lacks.</summary>
/// <param name="ThreadGroup">The process that a thread belongs to; its own PID for a process.</param>
/// <param name="Uid">Real user id.</param>
internal readonly record struct ProcStatus(int ThreadGroup, uint Uid)
{
    // Lines of key, colon, tab, value, see https://man7.org/linux/man-pages/man5/proc_pid_status.5.html:
    //
    //   Name:   cat
    //   …
    //   Tgid:   19269
    //   …
    //   Uid:    1000    1000    1000    1000        (real, effective, saved, file system; tabs between)
    //
    // The kernel escapes line feeds in Name, so a line that starts with a key is what it says.

    /// <summary>Parses the content of the file.</summary>
    /// <param name="content">The content.</param>
    /// <param name="status">The fields.</param>
    /// <returns>Whether both were found.</returns>
    public static bool TryParse(ReadOnlySpan<byte> content, out ProcStatus status)
    {
        status = default;
        if (!TryFind(content, "\nTgid:\t"u8, out var value)
            || !Utf8Parser.TryParse(value, out int group, out _)
            || !TryFind(content, "\nUid:\t"u8, out value)
            || !Utf8Parser.TryParse(value, out uint uid, out _))
        {
            return false;
        }

        status = new ProcStatus(group, uid);
        return true;
    }

    private static bool TryFind(ReadOnlySpan<byte> content, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        var at = content.IndexOf(key);
        value = at < 0 ? default : content[(at + key.Length)..];
        return at >= 0;
    }
}
