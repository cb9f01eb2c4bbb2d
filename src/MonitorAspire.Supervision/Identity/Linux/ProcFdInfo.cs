namespace MonitorAspire.Supervision.Identity.Linux;

/// <summary>The locks in <c>/proc/PID/fdinfo/N</c>.</summary>
internal static class ProcFdInfo
{
    // See https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html. There is a lock line only if this open file description holds the
    // lock, and then in every process that inherited a descriptor of it:
    //
    //   pos:    0
    //   flags:  02100002
    //   mnt_id: 29
    //   ino:    131
    //   lock:   1: FLOCK  ADVISORY  WRITE 4711 00:1b:131 0 EOF
    //
    // The PID in the line is the process that took the lock. It may be dead, so it does not tell the holder.

    /// <summary>Whether this descriptor holds an exclusive <c>flock</c>.</summary>
    /// <param name="content">The content of the file.</param>
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
