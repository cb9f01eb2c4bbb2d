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
        return at >= 0 && Utf8Parser.TryParse(content[(at + key.Length)..], out int group, out _) ? group : null;
    }

    // See https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html. There is a lock line only if this open file description holds the
    // lock, and then in every process that inherited a descriptor of it:
    //
    //   ino:    131
    //   lock:   1: FLOCK  ADVISORY  WRITE 4711 00:1b:131 0 EOF
    //
    // The PID in the line is the process that took the lock. It may be dead, so it does not tell the holder.

    /// <summary>Whether a descriptor holds an exclusive <c>flock</c>, from <c>/proc/PID/fdinfo/N</c>.</summary>
    public static bool HoldsExclusiveFlock(ReadOnlySpan<byte> content)
    {
        foreach (var range in content.Split((byte)'\n'))
        {
            var line = content[range];
            if (line.StartsWith("lock:"u8) && line.IndexOf(" FLOCK "u8) >= 0 && line.IndexOf(" WRITE "u8) >= 0)
            {
                return true;
            }
        }

        return false;
    }
}
