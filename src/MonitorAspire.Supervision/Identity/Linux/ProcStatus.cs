using System.Buffers.Text;

namespace MonitorAspire.Supervision.Identity.Linux;

/// <summary>The field of <c>/proc/PID/status</c> that <see cref="ProcStat"/> does not have.</summary>
/// <param name="ThreadGroup">The process that a thread belongs to; its own PID for a process.</param>
internal readonly record struct ProcStatus(int ThreadGroup)
{
    // Lines of key, colon, tab, value, see https://man7.org/linux/man-pages/man5/proc_pid_status.5.html:
    //
    //   Name:   cat
    //   …
    //   Tgid:   19269
    //
    // The kernel escapes line feeds in Name, so the name cannot look like another line.

    /// <summary>Parses the content of the file.</summary>
    /// <param name="content">The content.</param>
    /// <param name="status">The field.</param>
    /// <returns>Whether it was found.</returns>
    public static bool TryParse(ReadOnlySpan<byte> content, out ProcStatus status)
    {
        var key = "\nTgid:\t"u8;
        var at = content.IndexOf(key);
        var found = Utf8Parser.TryParse(at < 0 ? default : content[(at + key.Length)..], out int group, out _);
        status = new ProcStatus(group);
        return found;
    }
}
