using System.Runtime.InteropServices;

namespace MonitorAspire.Supervision.Interop;

/// <summary>The calls that a netlink socket needs, which <see cref="System.Net.Sockets.Socket"/> does not make.</summary>
internal static unsafe partial class LibC
{
    [LibraryImport(Library, EntryPoint = "socket")]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "send")]
    public static partial nint Send(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "recv")]
    public static partial nint Receive(int descriptor, byte* buffer, nuint length, int flags);
}
