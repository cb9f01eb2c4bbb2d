using System.Buffers.Text;

namespace MonitorAspire.Supervision.Identity.Linux;

/// <summary>Files of <c>/proc</c> with a key and a value in each line.</summary>
internal static class SmallFormats
{
    // Lines of key, colon, tab, value, see https://man7.org/linux/man-pages/man5/proc_pid_status.5.html:
    //
    //   Name:   cat
    //   …
    //   Tgid:   19269
    //
    // The kernel escapes line feeds in Name, so the name cannot look like another line.

    /// <summary>The process that a thread belongs to (its own PID for a process), from <c>/proc/PID/status</c>; null where the line is missing.</summary>
    public static int? ThreadGroup(ReadOnlySpan<byte> content)
    {
        var key = "\nTgid:\t"u8;
        var at = content.IndexOf(key);
        return at >= 0 && Utf8Parser.TryParse(content[(at + key.Length)..], out int group, out _) && group > 0 ? group : null;
    }

    /// <summary>The PID in the innermost PID namespace of a process, which is how it knows itself, from <c>/proc/PID/status</c>; null where the line is missing.</summary>
    /// <remarks>One number for each namespace, outermost first: <c>NSpid:	19269	7</c>.</remarks>
    public static int? InnermostPid(ReadOnlySpan<byte> content)
    {
        var key = "\nNSpid:\t"u8;
        var at = content.IndexOf(key);
        if (at < 0)
        {
            return null;
        }

        var line = content[(at + key.Length)..];
        var end = line.IndexOf((byte)'\n');
        line = end < 0 ? line : line[..end];
        return Utf8Parser.TryParse(line[(line.LastIndexOf((byte)'\t') + 1)..], out int pid, out _) && pid > 0 ? pid : null;
    }

    // See https://man7.org/linux/man-pages/man5/proc_locks.5.html. The PID is that of the process that took the lock, living or not:
    //
    //   3: FLOCK  ADVISORY  WRITE 3548 fe:00:11663896 0 EOF

    /// <summary>The processes that took an exclusive <c>flock</c> on a file with this inode, on any device, from <c>/proc/locks</c>.</summary>
    public static IReadOnlyList<int> LockTakers(ReadOnlySpan<byte> content, ulong inode)
    {
        var takers = new List<int>();
        foreach (var range in content.Split((byte)'\n'))
        {
            var line = content[range];
            var at = line.IndexOf(" WRITE "u8);
            if (at > 0 && line[..at].IndexOf(" FLOCK "u8) >= 0
                && Utf8Parser.TryParse(line[(at + 7)..], out int pid, out var digits) && pid > 0
                && line[(at + 7 + digits)..] is var rest && rest[(rest.LastIndexOf((byte)':') + 1)..] is var number
                && Utf8Parser.TryParse(number, out ulong found, out _) && found == inode)
            {
                takers.Add(pid);
            }
        }

        return takers;
    }

    // See https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html. There is a lock line only if this open file description holds the
    // lock, and then in every process that inherited a descriptor of it:
    //
    //   pos:    4712
    //   …
    //   lock:   1: FLOCK  ADVISORY  WRITE 4711 00:1b:131 0 EOF
    //
    // The PID in the line is the process that took the lock. It may be dead, so it does not tell the holder.

    /// <summary>The <c>flock</c> of a descriptor and its file position, from <c>/proc/PID/fdinfo/N</c>. False where it holds none.</summary>
    public static bool TryFlock(ReadOnlySpan<byte> content, out bool isShared, out long position)
    {
        position = content.StartsWith("pos:\t"u8) && Utf8Parser.TryParse(content[5..], out long at, out _) && at > 0 ? at : 0;
        isShared = false;
        foreach (var range in content.Split((byte)'\n'))
        {
            var line = content[range];
            if (line.StartsWith("lock:"u8) && line.IndexOf(" FLOCK "u8) >= 0)
            {
                isShared = line.IndexOf(" WRITE "u8) < 0;
                return true;
            }
        }

        return false;
    }
}
