using System.Text;
using Microsoft.Win32.SafeHandles;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Files;

/// <summary>A daemon's log file: opened for the daemon's own descriptors to append to, and read from its end for reports.</summary>
internal static class DaemonLog
{
    // Limits for the tail in a report: a daemon may write very much, or very long lines.
    private const int TailBytes = 64 * 1024;
    private const int MaximumLineLength = 2000;

    /// <summary>Opens the log for a new instance, mode 0600, after rotating it if it is too large.</summary>
    /// <returns>The file, and its length before the instance wrote anything.</returns>
    internal static (SafeFileHandle Handle, long Offset) OpenForInstance(string path, LogPolicy policy)
    {
        var handle = NoFollowFile.OpenOrCreate(path, append: true);
        if (RandomAccess.GetLength(handle) > policy.PartBytes)
        {
            handle.Dispose();
            LogRotation.RotateByRename(path, policy);
            handle = NoFollowFile.OpenOrCreate(path, append: true);
        }

        return (handle, RandomAccess.GetLength(handle));
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

    private static string Printable(string line)
    {
        var trimmed = line.TrimEnd('\r');
        if (trimmed.Length > MaximumLineLength)
        {
            trimmed = trimmed[..MaximumLineLength] + "…";
        }

        return VisibleText.Of(trimmed);
    }
}
