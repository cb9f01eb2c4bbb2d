using Microsoft.Win32.SafeHandles;

namespace MonitorAspire.Supervision.Interop;

/// <summary>Moves the content of a log to another file while a daemon appends to it.</summary>
internal static class LogContent
{
    private const int CollapseRange = 0x08;
    private const int Block = 64 * 1024;

    /// <summary>Copies what is in the log to the end of another file and removes it from the log.</summary>
    internal static void MoveTo(SafeFileHandle log, Stream target)
    {
        var copied = Copy(log, target, 0);

        // fallocate(2), FALLOC_FL_COLLAPSE_RANGE: offset and length must be multiples of the file system's block size, and the
        // range must not reach the end of the file; a whole number of 64 KiB blocks short of the end satisfies every one.
        var whole = (copied - 1) / Block * Block;
        if (OperatingSystem.IsLinux() && whole > 0)
        {
            // The rest stays in the log. It is taken out of the copy first, so that nobody who reads both files sees it in both.
            target.SetLength(whole);
            if (LibC.fallocate((int)log.DangerousGetHandle(), CollapseRange, 0, whole) == 0)
            {
                return;
            }

            copied = whole;
        }

        // Copy what was written meanwhile, and truncate at once: what is written between the two calls is lost.
        Copy(log, target, copied);
        RandomAccess.SetLength(log, 0);
    }

    private static long Copy(SafeFileHandle log, Stream target, long from)
    {
        var buffer = new byte[Block];
        int read;
        while ((read = RandomAccess.Read(log, buffer, from)) > 0)
        {
            target.Write(buffer, 0, read);
            from += read;
        }

        target.Flush();
        return from;
    }
}
