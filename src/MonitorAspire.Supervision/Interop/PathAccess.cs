using System.Runtime.InteropServices;

namespace MonitorAspire.Supervision.Interop;

/// <summary>What the system says of a path: where it leads, and what this user may do with it.</summary>
internal static class PathAccess
{
    private const int Execute = 1;
    private const int WriteMode = 2;

    // PATH_MAX, with the NUL at the end.
    private const int LongestPath = 4096;

    /// <summary>Whether this user may execute a file, or enter a directory. False for a file of a file system that forbids it (noexec).</summary>
    internal static bool MayExecute(string path) => OperatingSystem.IsWindows() || LibC.Access(path, Execute) == 0;

    internal static bool MayWrite(string path) => OperatingSystem.IsWindows() || LibC.Access(path, WriteMode) == 0;

    /// <summary>The path with all symbolic links resolved; <see langword="null"/> where it does not exist or this platform cannot tell.</summary>
    internal static unsafe string? RealPath(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        var buffer = stackalloc byte[LongestPath];
        return LibC.RealPath(path, buffer) is null ? null : Marshal.PtrToStringUTF8((nint)buffer);
    }
}
