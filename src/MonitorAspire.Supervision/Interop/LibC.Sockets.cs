using System.Runtime.InteropServices;

namespace MonitorAspire.Supervision.Interop;

/// <summary>The calls for a netlink socket. <see cref="System.Net.Sockets.Socket"/> does not support netlink.</summary>
internal static unsafe partial class LibC
{
    [LibraryImport(Library, EntryPoint = "socket")]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "send")]
    public static partial nint Send(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "recv")]
    public static partial nint Receive(int descriptor, byte* buffer, nuint length, int flags);
}
