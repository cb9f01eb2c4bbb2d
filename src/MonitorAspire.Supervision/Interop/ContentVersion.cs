namespace MonitorAspire.Supervision.Interop;

/// <summary>
/// Which regular file a path leads to through symbolic links, its size and the time of its last write: equal as long as the content is the same. A
/// file watcher does not see a change behind a symbolic link, also not the change of <c>..data</c> in a Kubernetes config map.
/// </summary>
internal readonly record struct ContentVersion(FileIdentity File, ulong Size, long WrittenAt)
{
    /// <summary>The version; <see langword="null"/> where there is no such file. It is not opened, so a FIFO is not waited for.</summary>
    internal static ContentVersion? Of(string path)
    {
        if (OperatingSystem.IsLinux())
        {
            return OfLinux(path);
        }

        try
        {
            var file = new FileInfo(System.IO.File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);
            return file.Exists ? new(FileIdentity.Of(file.FullName) ?? default, (ulong)file.Length, file.LastWriteTimeUtc.Ticks) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static unsafe ContentVersion? OfLinux(string path)
    {
        const int type = 0xF000, regular = 0x8000;
        LibC.StatxBuffer status;
        return LibC.Statx(LibC.AtCurrentDirectory, path, flags: 0, LibC.StatxBasicStats, &status) == 0 && (status.Mode & type) == regular
            ? new(status.Identity, status.Size, (status.WriteSeconds * 1_000_000_000) + status.WriteNanoseconds)
            : null;
    }
}
