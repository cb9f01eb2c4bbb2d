namespace MonitorAspire.Supervision.Interop;

/// <summary>The file system of a path. On Linux with 64 bits: elsewhere the C library has another structure.</summary>
/// <param name="AvailableBytes">Bytes that this user can still write.</param>
/// <param name="AvailableInodes">Files that can still be made; <see langword="null"/> where the file system has no limit.</param>
/// <param name="IsReadOnly">Whether it is mounted for reading only.</param>
internal sealed record FileSystem(ulong AvailableBytes, ulong? AvailableInodes, bool IsReadOnly)
{
    private const ulong ReadOnly = 1; // ST_RDONLY

    /// <summary>The file system of an existing path; <see langword="null"/> where it is not known.</summary>
    internal static unsafe FileSystem? Of(string path)
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
        {
            return null;
        }

        // struct statvfs: f_bsize, f_frsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, f_favail, f_fsid, f_flag, f_namemax.
        var status = stackalloc ulong[32];
        if (LibC.StatVfs(path, status) != 0)
        {
            return null;
        }

        var isRoot = LibC.geteuid() == 0;
        return new FileSystem(status[1] * status[isRoot ? 3 : 4], status[5] == 0 ? null : status[isRoot ? 6 : 7], (status[9] & ReadOnly) != 0);
    }
}
