using System.Buffers;
using System.Text;

namespace MonitorAspire.Supervision.Identity.Linux;

/// <summary>Finds the descriptors that hold the lock of one file.</summary>
/// <remarks>
/// The file is compared by device and inode, so symbolic links and bind mounts in its path do not matter. For a deleted file the kernel
/// still tells the name.
/// </remarks>
internal sealed class LockScan
{
    private readonly ProcFiles _files;
    private readonly FileIdentity? _file;
    private readonly byte[] _deletedName;
    private readonly List<int> _descriptors = [];
    private readonly ArrayBufferWriter<byte> _buffer = new(512);

    public LockScan(ProcFiles files, string lockFilePath)
    {
        _files = files;
        _file = ProcFiles.Stat(lockFilePath, out var file, out _) == ProcAccess.Ok ? file : null;
        _deletedName = Encoding.UTF8.GetBytes(lockFilePath + " (deleted)");
    }

    /// <summary>Whether a process has such a descriptor; false where this user may not see it.</summary>
    /// <param name="pid">The process.</param>
    public bool IsHeldBy(int pid)
    {
        if (_files.ListDescriptors(pid, _descriptors, out var directory) != ProcAccess.Ok)
        {
            return false;
        }

        foreach (var descriptor in _descriptors)
        {
            if (IsTheFile($"{directory}/fd/{descriptor}")
                && _files.Read($"{directory}/fdinfo/{descriptor}", _buffer) == ProcAccess.Ok
                && ProcFdInfo.HoldsExclusiveFlock(_buffer.WrittenSpan))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsTheFile(string link)
    {
        if (ProcFiles.Stat($"{_files.Root}/{link}", out var file, out var deleted) != ProcAccess.Ok)
        {
            return false;
        }

        if (file == _file)
        {
            return true;
        }

        Span<byte> target = stackalloc byte[4096];
        return deleted && _files.ReadLink(link, target, out var length) == ProcAccess.Ok && target[..length].SequenceEqual(_deletedName);
    }
}
