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

    private static readonly Lock Asking = new();
    private static readonly byte[] Buffer = new byte[BufferLength];
    private static int _kept = -1;

    /// <summary>Adds all listening sockets, or those on one port. On failure the list is unchanged.</summary>
    /// <returns>Whether the kernel gave a complete answer.</returns>
    public static bool TryFindListeners(int? port, List<Listener> listeners)
    {
        Span<byte> request = stackalloc byte[SockDiagMessages.ListenerRequestLength];
        SockDiagMessages.WriteListenerRequest(request, port);
        var isAnswered = TryAsk(request, listeners);

        // For the kernel, port 0 means any port.
        listeners.RemoveAll(listener => port is not null && port != listener.EndPoint.Port);
        return isAnswered;
    }

    /// <summary>Finds the inode of the socket at the local end; 0 where no process has taken it. False where there is no such socket, its process has closed it, or the kernel does not tell it.</summary>
    public static bool TryFindInode(IPEndPoint local, IPEndPoint remote, out long inode)
    {
        var sockets = new List<Listener>(1);
        Span<byte> request = stackalloc byte[SockDiagMessages.ConnectionRequestLength];
        SockDiagMessages.WriteConnectionRequest(request, local, remote);
        var found = TryAsk(request, sockets) && sockets.Count == 1;
        inode = found ? sockets[0].Inode : 0;
        return found;
    }

    // The descriptor is kept: a supervisor asks several times each second. After a question that failed, an answer may still be in it.
    private static unsafe bool TryAsk(ReadOnlySpan<byte> request, List<Listener> sockets)
    {
        lock (Asking)
        {
            var before = sockets.Count;
            _kept = _kept < 0 ? LibC.Socket(FamilyNetlink, RawCloseOnExec, ProtocolSockDiag) : _kept;
            if (_kept < 0)
            {
                return false;
            }

            var reply = SockDiagReply.Failed;
            fixed (byte* question = request, answer = Buffer)
            {
                if (LibC.Send(_kept, question, (nuint)request.Length, 0) == request.Length)
                {
                    do
                    {
                        // The kernel answers before send returns, and prepares the next part when one is read, so nothing must be waited for.
                        var length = LibC.Receive(_kept, answer, BufferLength, MessageDontWait);
                        reply = length <= 0 ? SockDiagReply.Failed : SockDiagMessages.Parse(Buffer.AsSpan(0, (int)length), sockets);
                    }
                    while (reply == SockDiagReply.More);
                }
            }

            if (reply == SockDiagReply.Done)
            {
                return true;
            }

            _ = LibC.Close(_kept);
            _kept = -1;
            sockets.RemoveRange(before, sockets.Count - before);
            return false;
        }
    }
}
