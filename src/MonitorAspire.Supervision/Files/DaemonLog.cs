using System.Text;
using Microsoft.Win32.SafeHandles;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Files;

/// <summary>A daemon's log file: opened for the daemon's own descriptors to append to, rotated by size, and read from its end for reports.</summary>
internal static class DaemonLog
{
    // Limits for the tail in a report: a daemon may write very much, or very long lines.
    private const int TailBytes = 64 * 1024;
    private const int MaximumLineLength = 2000;

    private const int CollapseRange = 0x08;
    private const int Block = 64 * 1024;

    /// <summary>Opens the log for a new instance, mode 0600, after rotating it if it is too large.</summary>
    /// <returns>The file, and its length before the instance wrote anything.</returns>
    internal static (SafeFileHandle Handle, long Offset) OpenForInstance(string path, long rotateBytes, int kept)
    {
        var handle = NoFollowFile.OpenOrCreate(path, append: true);
        if (RandomAccess.GetLength(handle) > rotateBytes)
        {
            handle.Dispose();
            RotateByRename(path, kept);
            handle = NoFollowFile.OpenOrCreate(path, append: true);
        }

        return (handle, RandomAccess.GetLength(handle));
    }

    /// <summary>
    /// Rotates the log of a living instance, which goes on writing to the same file: the content is copied to
    /// <c>….log.1</c> and then removed from the log. Where the file system can collapse ranges (ext4, XFS) no byte is lost. Elsewhere the
    /// bytes that are written between the last copy and the truncation are lost.
    /// </summary>
    public static bool RotateIfLarger(string path, long rotateBytes, int kept)
    {
        if (!File.Exists(path) || new FileInfo(path) is not { LinkTarget: null } file || file.Length <= rotateBytes)
        {
            return false;
        }

        ShiftOldFiles(path, kept);
        using var log = NoFollowFile.OpenOrCreate(path, append: false);
        using (var old = new FileStream(NoFollowFile.OpenOrCreate(OldFile(path, 1), append: false), FileAccess.Write))
        {
            old.SetLength(0);
            MoveContent(log, old);
        }

        if (kept < 1)
        {
            AtomicFile.TryDelete(OldFile(path, 1));
        }

        return true;
    }

    /// <summary>The last lines of a log, oldest first, without those before an offset, at which a start began. Empty when it cannot be read.</summary>
    public static IReadOnlyList<string> Tail(string path, int lines = 20, long fromOffset = 0)
    {
        try
        {
            using var handle = NoFollowFile.OpenRead(path);
            var length = RandomAccess.GetLength(handle);
            var start = Math.Max(Math.Min(fromOffset, length), length - TailBytes);
            var buffer = new byte[length - start];
            var read = RandomAccess.Read(handle, buffer, start);
            var text = Encoding.UTF8.GetString(buffer, 0, read);
            var all = text.Split('\n').Select(Printable).Where(l => l.Length > 0).ToList();

            // The first line is cut off in the middle, so it is left out.
            return all.Skip(start > fromOffset && all.Count > 1 ? 1 : 0).TakeLast(lines).ToList();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return [];
        }
    }

    /// <summary>Path of a rotated file, counted from 1: <c>monitor-daemon-8768.log.1</c> is the newest.</summary>
    internal static string OldFile(string path, int index) => $"{path}.{index}";

    private static void MoveContent(SafeFileHandle log, FileStream target)
    {
        var copied = Copy(log, target, 0);

        // fallocate(2), FALLOC_FL_COLLAPSE_RANGE: offset and length must be multiples of the file system's block size, and the
        // range must not reach the end of the file; a whole number of 64 KiB blocks short of the end satisfies every one.
        var whole = (copied - 1) / Block * Block;
        if (OperatingSystem.IsLinux() && whole > 0)
        {
            // The rest stays in the log. It is taken out of the copy first, so that no reader of both files sees it in both.
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

    private static long Copy(SafeFileHandle log, FileStream target, long from)
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

    private static void RotateByRename(string path, int kept)
    {
        ShiftOldFiles(path, kept);
        if (kept < 1)
        {
            File.Delete(path);
        }
        else
        {
            File.Move(path, OldFile(path, 1), overwrite: true);
        }
    }

    private static void ShiftOldFiles(string path, int kept)
    {
        AtomicFile.TryDelete(OldFile(path, Math.Max(kept, 1)));
        for (var i = kept - 1; i >= 1; i--)
        {
            if (File.Exists(OldFile(path, i)))
            {
                File.Move(OldFile(path, i), OldFile(path, i + 1), overwrite: true);
            }
        }
    }

    /// <summary>Text that cannot control the terminal that shows it: control characters other than a tab are replaced by a visible one.</summary>
    internal static string WithoutControls(string text) =>
        text.Any(c => char.IsControl(c) && c != '\t') ? string.Concat(text.Select(c => char.IsControl(c) && c != '\t' ? '\uFFFD' : c)) : text;

    private static string Printable(string line)
    {
        var trimmed = line.TrimEnd('\r');
        if (trimmed.Length > MaximumLineLength)
        {
            trimmed = trimmed[..MaximumLineLength] + "…";
        }

        return WithoutControls(trimmed);
    }
}
