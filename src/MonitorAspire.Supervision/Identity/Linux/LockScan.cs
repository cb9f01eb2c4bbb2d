using System.Buffers;
using System.Text;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Identity.Linux;

/// <summary>Finds the descriptors that hold the lock of one file.</summary>
/// <remarks>The file is compared by device and inode, so links and bind mounts in its path do not matter; a deleted file by its name.</remarks>
internal sealed class LockScan(ProcFiles files, string lockFilePath)
{
    private static readonly byte[] Deleted = " (deleted)"u8.ToArray();

    private readonly string _path = lockFilePath;
    private readonly FileIdentity? _file = ProcFiles.Stat(lockFilePath, out var file, out _) == ProcAccess.Ok ? file : null;
    private byte[]? _deletedName;
    private readonly List<int> _descriptors = [];
    private readonly ArrayBufferWriter<byte> _buffer = new(512);

    /// <summary>The holders of the locks of several files, by the path of the file. Each descriptor is looked at once, for all of the files.</summary>
    public static ILookup<string, LockHolder> Holders(ProcFiles files, IEnumerable<int> pids, IReadOnlyCollection<string> lockFilePaths)
    {
        var scans = lockFilePaths.Distinct(StringComparer.Ordinal).Select(path => new LockScan(files, path)).ToList();
        var known = scans.Where(scan => scan._file is not null).ToLookup(scan => scan._file);
        var holders = new List<(string Path, LockHolder Holder)>();
        var descriptors = new List<int>();
        foreach (var pid in scans.Count == 0 ? [] : pids)
        {
            var (found, process) = (holders.Count, $"{pid}");
            if (files.ForEachFile($"{process}/fd", (descriptor, file, isDeleted) => Add(process, descriptor, file, isDeleted)) > 0
                || files.HasOneThread(pid)
                || files.ListDescriptors(pid, descriptors, out var directory) != ProcAccess.Ok)
            {
                continue;
            }

            // See ListDescriptors for a process whose main thread has ended.
            foreach (var descriptor in descriptors)
            {
                if (ProcFiles.Stat($"{files.Root}/{directory}/fd/{descriptor}", out var file, out var isDeleted) == ProcAccess.Ok)
                {
                    Add(directory, descriptor, file, isDeleted);
                }
            }

            void Add(string directory, int descriptor, FileIdentity file, bool isDeleted)
            {
                foreach (var scan in known.Contains(file) ? known[file] : isDeleted ? scans.Where(scan => scan.IsNamedBy($"{directory}/fd/{descriptor}")) : [])
                {
                    if (!holders.Skip(found).Any(holder => holder.Path == scan._path) && scan.TryFlock(directory, descriptor, out var isShared, out var position))
                    {
                        holders.Add((scan._path, Holder(pid, position, isShared, isDeleted && file != scan._file)));
                    }
                }
            }
        }

        return holders.ToLookup(holder => holder.Path, holder => holder.Holder);
    }

    /// <summary>
    /// The holder, if a process has such a descriptor; <see langword="null"/> where it has none or this user may not see it. One descriptor is
    /// looked at first: that of the last time. 0 is none.
    /// </summary>
    public LockHolder? HolderOf(int pid, ref int guess)
    {
        var (guessed, isShared, position) = (guess, false, 0L);
        if (guessed > 0 && IsTheFile($"{pid}/fd/{guessed}", out var isDeleted) && !isDeleted && TryFlock($"{pid}", guessed, out isShared, out position))
        {
            return Holder(pid, position, isShared, isDeleted: false);
        }

        if (files.ListDescriptors(pid, _descriptors, out var directory) != ProcAccess.Ok)
        {
            return null;
        }

        foreach (var descriptor in _descriptors)
        {
            if (IsTheFile($"{directory}/fd/{descriptor}", out isDeleted) && TryFlock(directory, descriptor, out isShared, out position))
            {
                guess = descriptor;
                return Holder(pid, position, isShared, isDeleted);
            }
        }

        return null;
    }

    /// <summary>Whether a process has a descriptor that holds the lock of another instance.</summary>
    public bool HoldsAnother(int pid)
    {
        if (files.ListDescriptors(pid, _descriptors, out var directory) != ProcAccess.Ok)
        {
            return false;
        }

        foreach (var descriptor in _descriptors)
        {
            var link = $"{directory}/fd/{descriptor}";
            if (IsLockOfAnInstance(link) && !IsTheFile(link, out _) && TryFlock(directory, descriptor, out var isShared, out var position) && !isShared && position > 0)
            {
                return true;
            }
        }

        return false;
    }

    private static LockHolder Holder(int pid, long position, bool isShared, bool isDeleted) =>
        new(pid, position is > 0 and <= int.MaxValue ? (int)position : 0, isShared, isDeleted);

    private bool TryFlock(string directory, int descriptor, out bool isShared, out long position)
    {
        (isShared, position) = (false, 0);
        return files.Read($"{directory}/fdinfo/{descriptor}", _buffer, isOneRecord: true) == ProcAccess.Ok
            && SmallFormats.TryFlock(_buffer.WrittenSpan, out isShared, out position);
    }

    private bool IsTheFile(string link, out bool deleted)
    {
        if (ProcFiles.Stat($"{files.Root}/{link}", out var identity, out deleted) != ProcAccess.Ok)
        {
            return false;
        }

        if (identity == _file)
        {
            deleted = false;
            return true;
        }

        return deleted && IsNamedBy(link);
    }

    // The file of the link was deleted, and had the name of the lock.
    private bool IsNamedBy(string link)
    {
        Span<byte> target = stackalloc byte[4096];
        return files.ReadLink(link, target, out var length) == ProcAccess.Ok && target[..length].SequenceEqual(_deletedName ??= [.. Encoding.UTF8.GetBytes(_path), .. Deleted]);
    }

    private bool IsLockOfAnInstance(string link)
    {
        Span<byte> buffer = stackalloc byte[4096];
        if (files.ReadLink(link, buffer, out var length) != ProcAccess.Ok)
        {
            return false;
        }

        ReadOnlySpan<byte> target = buffer[..length];
        return DaemonFiles.IsLockFile(target.EndsWith(Deleted) ? target[..^Deleted.Length] : target);
    }
}
