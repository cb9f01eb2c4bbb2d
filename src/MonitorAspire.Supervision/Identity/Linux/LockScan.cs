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

    private readonly FileIdentity? _file = ProcFiles.Stat(lockFilePath, out var file, out _) == ProcAccess.Ok ? file : null;
    private byte[]? _deletedName;
    private readonly List<int> _descriptors = [];
    private readonly ArrayBufferWriter<byte> _buffer = new(512);

    /// <summary>The holder, if a process has such a descriptor; <see langword="null"/> where it has none or this user may not see it.</summary>
    public LockHolder? HolderOf(int pid)
    {
        var guess = 0;
        return HolderOf(pid, ref guess);
    }

    /// <summary>The same, where one descriptor is looked at first: that of the last time. 0 is none.</summary>
    public LockHolder? HolderOf(int pid, ref int guess)
    {
        var (guessed, isShared, position) = (guess, false, 0L);
        if (guessed > 0 && IsTheFile($"{pid}/fd/{guessed}", out var isDeleted) && !isDeleted && TryFlock($"{pid}", guessed, out isShared, out position))
        {
            return Holder(isDeleted: false);
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
                return Holder(isDeleted);
            }
        }

        return null;

        LockHolder Holder(bool isDeleted) => new(pid, position is > 0 and <= int.MaxValue ? (int)position : 0, isShared, isDeleted);
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

        Span<byte> target = stackalloc byte[4096];
        return deleted && files.ReadLink(link, target, out var length) == ProcAccess.Ok && target[..length].SequenceEqual(_deletedName ??= [.. Encoding.UTF8.GetBytes(lockFilePath), .. Deleted]);
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
