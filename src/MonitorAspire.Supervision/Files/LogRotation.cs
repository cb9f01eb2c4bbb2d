using System.Globalization;
using System.IO.Compression;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Files;

/// <summary>Turns the content of a daemon's log into parts: <c>….log.1</c> is the newest. Older parts may be compressed: <c>….log.2.gz</c>.</summary>
internal static partial class LogRotation
{
    private const string CompressedSuffix = ".gz";
    private const int CollapseRange = 0x08;
    private const int Block = 64 * 1024;

    /// <summary>Rotates the log of a living instance if it is larger than a part. See <see cref="Rotate"/>.</summary>
    internal static bool RotateIfLarger(string path, LogPolicy policy) => Rotate(path, policy, policy.PartBytes);

    /// <summary>
    /// Rotates the log of a living instance, which goes on writing to the same file: the content is copied to <c>….log.1</c> and then removed
    /// from the log. Where the file system can collapse ranges (ext4, XFS) no byte is lost. Elsewhere the bytes that are written between the
    /// last copy and the truncation are lost.
    /// </summary>
    /// <param name="path">Path of the log. A symbolic link is not followed.</param>
    /// <param name="policy">How many parts are kept, and how.</param>
    /// <param name="above">A log that is not larger than this is left as it is. Default: only an empty one is.</param>
    /// <returns>False if there was nothing to do, or another rotation is under way in the same directory.</returns>
    /// <exception cref="IOException">The file system refuses.</exception>
    internal static bool Rotate(string path, LogPolicy policy, long above = 0)
    {
        // One call for the log of a supervised daemon, which is mostly small.
        if (FileVersion.Of(path) is { } version && version.Size <= (ulong)above)
        {
            return false;
        }

        if (!File.Exists(path) || new FileInfo(path) is not { LinkTarget: null } file || file.Length <= above)
        {
            return false;
        }

        // One rotation at a time in a state directory. The log itself cannot have the lock: .NET programs lock every file that they open.
        using var directory = OperatingSystem.IsWindows() ? null : NoFollowFile.OpenRead(Path.Combine(Path.GetDirectoryName(path)!, "."));
        if (!OperatingSystem.IsWindows() && !AdvisoryLock.TryLockExclusive(directory!))
        {
            return false;
        }

        try
        {
            // Another process may have rotated it just before the lock was taken.
            using var log = NoFollowFile.OpenOrCreate(path, append: false);
            if (RandomAccess.GetLength(log) <= above)
            {
                return false;
            }

            ShiftParts(path, policy);
            using (var part = new FileStream(NoFollowFile.OpenOrCreate(PartFile(path, 1), append: false), FileAccess.Write))
            {
                part.SetLength(0);
                MoveContent(log, part);
            }

            Tidy(path, policy);
            return true;
        }
        finally
        {
            Unlock(directory);
        }
    }

    /// <summary>Makes a log without a living writer the newest part.</summary>
    internal static void RotateByRename(string path, LogPolicy policy)
    {
        ShiftParts(path, policy);
        File.Move(path, PartFile(path, 1), overwrite: true);
        Tidy(path, policy);
    }

    /// <summary>Path of a part, counted from 1: <c>monitor-daemon-8768.log.1</c> is the newest.</summary>
    internal static string PartFile(string path, int index) => $"{path}.{index}";

    /// <summary>Path of a part that is compressed.</summary>
    internal static string CompressedPartFile(string path, int index) => PartFile(path, index) + CompressedSuffix;

    internal static bool IsCompressed(string path) => path.EndsWith(CompressedSuffix, StringComparison.Ordinal);

    // A child that another thread is just starting may have a copy of the descriptor, so closing it is not enough.
    private static void Unlock(SafeFileHandle? directory)
    {
        if (!OperatingSystem.IsWindows() && directory is not null)
        {
            AdvisoryLock.Release(directory);
        }
    }

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

    private static List<Part> PartsOf(string path)
    {
        var name = Path.GetFileName(path);
        return [.. Directory.EnumerateFiles(Path.GetDirectoryName(path)!, name + ".*")
            .Select(p => (Path: p, Match: PartSuffix().Match(Path.GetFileName(p)[name.Length..])))
            .Where(p => p.Match.Success)
            .Select(p => new Part(int.Parse(p.Match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture), p.Path))
            .OrderByDescending(p => p.Index)];
    }

    private static void ShiftParts(string path, LogPolicy policy)
    {
        foreach (var part in PartsOf(path))
        {
            if (part.Index >= Math.Max(policy.Parts, 1))
            {
                AtomicFile.TryDelete(part.Path);
            }
            else
            {
                File.Move(part.Path, IsCompressed(part.Path) ? CompressedPartFile(path, part.Index + 1) : PartFile(path, part.Index + 1), overwrite: true);
            }
        }
    }

    private static void Tidy(string path, LogPolicy policy)
    {
        if (policy.Parts < 1)
        {
            AtomicFile.TryDelete(PartFile(path, 1));
            return;
        }

        if (policy.Compress)
        {
            foreach (var part in PartsOf(path).Where(p => p.Index > 1 && !IsCompressed(p.Path)))
            {
                Compress(part.Path);
            }
        }

        var parts = PartsOf(path);
        var total = parts.Select(p => p.Path).Append(path).Sum(p => new FileInfo(p) is { Exists: true } file ? file.Length : 0);
        foreach (var part in parts.Where(p => p.Index > 1).TakeWhile(_ => total > policy.EffectiveTotalBytes))
        {
            total -= new FileInfo(part.Path).Length;
            AtomicFile.TryDelete(part.Path);
        }
    }

    // The time of the last write stays: by it a follower knows that this is the part that it has read.
    private static void Compress(string path)
    {
        using var source = new FileStream(NoFollowFile.OpenRead(path), FileAccess.Read, bufferSize: 0);
        var written = File.GetLastWriteTimeUtc(source.SafeFileHandle);
        using var pending = PendingFile.Write(path + CompressedSuffix, target =>
        {
            using var gzip = new GZipStream(target, CompressionLevel.Optimal, leaveOpen: true);
            source.CopyTo(gzip);
        });
        pending.SetLastWriteTime(written);
        pending.Commit();
        File.Delete(path);
    }

    [GeneratedRegex(@"^\.([1-9][0-9]{0,5})(?:\.gz)?\z")]
    private static partial Regex PartSuffix();

    private readonly record struct Part(int Index, string Path);
}
