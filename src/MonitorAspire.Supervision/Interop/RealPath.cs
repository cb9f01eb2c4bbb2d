using System.Runtime.InteropServices;

namespace MonitorAspire.Supervision.Interop;

/// <summary>A path with all symbolic links resolved.</summary>
internal static class RealPath
{
    /// <summary>The resolved path; <see langword="null"/> where it does not exist or this platform cannot tell.</summary>
    internal static unsafe string? Of(string path)
    {
        // PATH_MAX, with the NUL at the end.
        const int longest = 4096;
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        var buffer = stackalloc byte[longest];
        return LibC.RealPath(path, buffer) is null ? null : Marshal.PtrToStringUTF8((nint)buffer);
    }
}
