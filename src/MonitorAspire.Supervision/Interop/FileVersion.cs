namespace MonitorAspire.Supervision.Interop;

/// <summary>Identity, size and time of the last change of a file's content, owner or mode: equal as long as the file is the same in all of that.</summary>
internal readonly record struct FileVersion(FileIdentity File, ulong Size, long ChangeSeconds, uint ChangeNanoseconds)
{
    // The kernel's time stamps are as coarse as its timer: 10 ms at most.
    private static readonly TimeSpan Granularity = TimeSpan.FromMilliseconds(100);

    /// <summary>The version of the file with this name, where a link is not followed. <see langword="null"/> where there is none, and on other systems than Linux.</summary>
    internal static unsafe FileVersion? Of(string path)
    {
        LibC.StatxBuffer status;
        return OperatingSystem.IsLinux() && LibC.Statx(LibC.AtCurrentDirectory, path, LibC.AtSymlinkNoFollow, LibC.StatxBasicStats, &status) == 0
            ? new(status.Identity, status.Size, status.ChangeSeconds, status.ChangeNanoseconds)
            : null;
    }

    /// <summary>Whether another change would get another time. Two changes right after each other may have the same time.</summary>
    internal bool IsSettled(DateTimeOffset now) => now - (DateTimeOffset.UnixEpoch + TimeSpan.FromSeconds(ChangeSeconds) + TimeSpan.FromMicroseconds(ChangeNanoseconds / 1000)) > Granularity;
}
