using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Files;

/// <summary>A file that is given by a user. Opening a FIFO would wait for a writer, and a device may never end.</summary>
internal static class RegularFile
{
    /// <summary>Why the path does not lead to a regular file, also through symbolic links. <see langword="null"/> where it does.</summary>
    internal static string? WhyNot(string path) =>
        Directory.Exists(path) ? "it is no regular file but a directory"
        : !File.Exists(path) || LeadsNowhere(path) ? "there is no such file"
        : !OperatingSystem.IsWindows() && FileStatus.Of(path, follow: true) is { IsFile: false } ? "it is no regular file"
        : null;

    // A symbolic link that leads nowhere exists as well. One that leads to itself cannot be resolved.
    private static bool LeadsNowhere(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true) is { Exists: false };
        }
        catch (IOException)
        {
            return true;
        }
    }
}
