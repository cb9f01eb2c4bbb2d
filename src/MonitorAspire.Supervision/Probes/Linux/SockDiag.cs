using System.Buffers;
using System.Net;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Probes.Linux;

/// <summary>
/// Asks the kernel for sockets over netlink. <c>/proc/net/tcp</c> walks the hash table of all connections, which takes milliseconds on a
/// machine with much memory. Netlink returns only the listening sockets, and tells whether a socket on <c>[::]</c> serves IPv4.
/// </summary>
/// <remarks>It needs no privilege. Where the kernel or a sandbox does not support it, each call fails quickly.</remarks>
internal static class SockDiag
{
    private const int FamilyNetlink = 16;
    private const int RawCloseOnExec = 3 | 0x80000;
    private const int ProtocolSockDiag = 4;
    private const int MessageDontWait = 0x40;
    private const int BufferLength = 32 * 1024;

    /// <summary>Adds all listening sockets, or those on one port. On failure the list is unchanged.</summary>
    /// <returns>Whether the kernel gave a complete answer. IPv6 may be disabled.</returns>
    public static bool TryFindListeners(int? port, List<Listener> listeners)
    {
        var before = listeners.Count;
        Span<byte> request = stackalloc byte[SockDiagMessages.RequestLength];
        SockDiagMessages.WriteListenerRequest(request, ipv6: false, port);
        if (!TryAsk(request, listeners))
        {
            return false;
        }

        SockDiagMessages.WriteListenerRequest(request, ipv6: true, port);
        if (TryAsk(request, listeners) || !System.Net.Sockets.Socket.OSSupportsIPv6)
        {
            // For the kernel, port 0 means any port.
            listeners.RemoveAll(listener => port is not null && port != listener.EndPoint.Port);
            return true;
        }

        listeners.RemoveRange(before, listeners.Count - before);
        return false;
    }

    /// <summary>Finds the inode of the socket at the local end; 0 where no process has the socket. False where there is no such socket, or the kernel does not tell it.</summary>
    public static bool TryFindInode(IPEndPoint local, IPEndPoint remote, out long inode)
    {
        var sockets = new List<Listener>(1);
        Span<byte> request = stackalloc byte[SockDiagMessages.RequestLength];
        SockDiagMessages.WriteConnectionRequest(request, local, remote);
        var found = TryAsk(request, sockets) && sockets.Count == 1;
        inode = found ? sockets[0].Inode : 0;
        return found;
    }

    private static unsafe bool TryAsk(ReadOnlySpan<byte> request, List<Listener> sockets)
    {
        var before = sockets.Count;
        var descriptor = LibC.Socket(FamilyNetlink, RawCloseOnExec, ProtocolSockDiag);
        if (descriptor < 0)
        {
            return false;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            fixed (byte* start = request)
            {
                if (LibC.Send(descriptor, start, (nuint)request.Length, 0) != request.Length)
                {
                    return false;
                }
            }

            var reply = SockDiagReply.More;
            while (reply == SockDiagReply.More)
            {
                nint length;
                fixed (byte* start = buffer)
                {
                    // The kernel answers before send returns, and prepares the next part when one is read, so nothing must be waited for.
                    length = LibC.Receive(descriptor, start, (nuint)buffer.Length, MessageDontWait);
                }

                reply = length <= 0 ? SockDiagReply.Failed : SockDiagMessages.Parse(buffer.AsSpan(0, (int)length), sockets);
            }

            if (reply == SockDiagReply.Done)
            {
                return true;
            }

            sockets.RemoveRange(before, sockets.Count - before);
            return false;
        }
        finally
        {
            _ = LibC.Close(descriptor);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
