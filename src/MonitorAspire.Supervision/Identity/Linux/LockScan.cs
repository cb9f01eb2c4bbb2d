using System.Buffers;
using System.Text;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Identity.Linux;

/// <summary>Finds the descriptors that hold the lock of one file.</summary>
/// <remarks>The file is compared by device and inode, so links and bind mounts in its path do not matter; a deleted file by its name.</remarks>
internal sealed class LockScan(ProcFiles files, string lockFilePath)
{
    private readonly FileIdentity? _file = ProcFiles.Stat(lockFilePath, out var file, out _) == ProcAccess.Ok ? file : null;
    private readonly byte[] _deletedName = Encoding.UTF8.GetBytes(lockFilePath + " (deleted)");
    private readonly List<int> _descriptors = [];
    private readonly ArrayBufferWriter<byte> _buffer = new(512);

    /// <summary>Whether a process has such a descriptor; false where this user may not see it.</summary>
    public bool IsHeldBy(int pid)
    {
        if (files.ListDescriptors(pid, _descriptors, out var directory) != ProcAccess.Ok)
        {
            return false;
        }

        foreach (var descriptor in _descriptors)
        {
            if (IsTheFile($"{directory}/fd/{descriptor}")
                && files.Read($"{directory}/fdinfo/{descriptor}", _buffer) == ProcAccess.Ok
                && SmallFormats.HoldsExclusiveFlock(_buffer.WrittenSpan))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsTheFile(string link)
    {
        if (ProcFiles.Stat($"{files.Root}/{link}", out var identity, out var deleted) != ProcAccess.Ok)
        {
            return false;
        }

        if (identity == _file)
        {
            return true;
        }

        Span<byte> target = stackalloc byte[4096];
        return deleted && files.ReadLink(link, target, out var length) == ProcAccess.Ok && target[..length].SequenceEqual(_deletedName);
    }
}
