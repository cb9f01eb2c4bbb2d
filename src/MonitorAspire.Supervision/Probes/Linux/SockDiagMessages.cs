using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace MonitorAspire.Supervision.Probes.Linux;

/// <summary>State of an answer after one of its parts.</summary>
internal enum SockDiagReply
{
    More,

    Done,

    /// <summary>The kernel reported an error, or the format is unknown.</summary>
    Failed,
}

/// <summary>The messages of the kernel's socket diagnosis, which <c>ss</c> uses too.</summary>
internal static class SockDiagMessages
{
    public const int ConnectionRequestLength = HeaderLength + 56;
    public const int ListenerRequestLength = HeaderLength + 60;

    private const int HeaderLength = 16;
    private const int MessageLength = 72;
    private const ushort TcpDiagGetSock = 18;
    private const ushort SockDiagByFamily = 20;
    private const ushort NetlinkError = 2;
    private const ushort NetlinkDone = 3;
    private const ushort FlagRequest = 0x1;
    private const ushort FlagMulti = 0x2;
    private const ushort FlagInterrupted = 0x10;
    private const ushort FlagDump = 0x300;
    private const byte ProtocolTcp = 6;
    private const byte FamilyIPv4 = 2;
    private const byte FamilyIPv6 = 10;
    private const uint StateListening = 1 << ProcNetTcp.Listening;
    private const uint AllStates = uint.MaxValue;
    private const ushort AttributeIPv6Only = 11;

    // See https://man7.org/linux/man-pages/man7/sock_diag.7.html. Numbers are in the byte order of the machine, ports and addresses in network
    // byte order.
    //
    //   request:  nlmsghdr         0 length(4) 4 type(2) 6 flags(2) 8 sequence(4) 12 port id(4)
    //             inet_diag_req_v2 16 family(1) 17 protocol(1) 18 extensions(1) 19 padding(1) 20 states(4) 24 sockid (type 20)
    //             inet_diag_req    16 family(1) 17 lengths(2) 19 extensions(1) 20 sockid 68 states(4) 72 not used(4) (type 18)
    //   answer:   nlmsghdr, as above, for each socket
    //             inet_diag_msg    16 family(1) 17 state(1) 18 timer(1) 19 retransmits(1) 20 sockid
    //                              68 expires(4) 72 receive queue(4) 76 send queue(4) 80 uid(4) 84 inode(4)
    //             attributes       length(2) type(2) value, padded to 4; type 11 (INET_DIAG_SKV6ONLY) is one byte
    //   sockid:   0 source port(2) 2 destination port(2) 4 source(16) 20 destination(16) 36 interface(4) 40 cookie(8)

    /// <summary>Asks for the listening sockets of IPv4 and IPv6, on one port or on all.</summary>
    /// <remarks>The older type of request: the kernel answers it for both families in one walk through its table.</remarks>
    public static void WriteListenerRequest(Span<byte> request, int? port)
    {
        WriteHeader(request[..ListenerRequestLength], TcpDiagGetSock, FlagRequest | FlagDump);
        BinaryPrimitives.WriteUInt16BigEndian(request[20..], (ushort)(port ?? 0));
        MemoryMarshal.Write(request[68..], StateListening);
    }

    /// <summary>Asks for the socket of one connection. Both ends have the same family.</summary>
    public static void WriteConnectionRequest(Span<byte> request, IPEndPoint local, IPEndPoint remote)
    {
        WriteHeader(request[..ConnectionRequestLength], SockDiagByFamily, FlagRequest);
        request[16] = local.AddressFamily == AddressFamily.InterNetworkV6 ? FamilyIPv6 : FamilyIPv4;
        request[17] = ProtocolTcp;
        MemoryMarshal.Write(request[20..], AllStates);
        var id = request[24..];
        BinaryPrimitives.WriteUInt16BigEndian(id, (ushort)local.Port);
        BinaryPrimitives.WriteUInt16BigEndian(id[2..], (ushort)remote.Port);
        _ = local.Address.TryWriteBytes(id[4..], out _);
        _ = remote.Address.TryWriteBytes(id[20..], out _);
        id.Slice(40, 8).Fill(0xFF); // INET_DIAG_NOCOOKIE
    }

    /// <summary>Reads one part of an answer, which consists of whole messages. A socket that its process has closed is left out.</summary>
    public static SockDiagReply Parse(ReadOnlySpan<byte> reply, List<Listener> sockets)
    {
        var result = SockDiagReply.Failed;
        while (reply.Length >= HeaderLength)
        {
            var length = MemoryMarshal.Read<int>(reply);
            var type = MemoryMarshal.Read<ushort>(reply[4..]);
            var flags = MemoryMarshal.Read<ushort>(reply[6..]);
            if (length < HeaderLength || length > reply.Length || (flags & FlagInterrupted) != 0 || type == NetlinkError)
            {
                return SockDiagReply.Failed;
            }

            if (type == NetlinkDone)
            {
                return SockDiagReply.Done;
            }

            if (type is not (SockDiagByFamily or TcpDiagGetSock) || !TryParse(reply[HeaderLength..length], out var socket))
            {
                return SockDiagReply.Failed;
            }

            if (!IsClosed(reply[HeaderLength + 1]))
            {
                sockets.Add(socket);
            }

            result = (flags & FlagMulti) != 0 ? SockDiagReply.More : SockDiagReply.Done;
            reply = reply[Math.Min((length + 3) & ~3, reply.Length)..];
        }

        return result;
    }

    private static void WriteHeader(Span<byte> request, ushort type, ushort flags)
    {
        request.Clear();
        MemoryMarshal.Write(request, request.Length);
        MemoryMarshal.Write(request[4..], type);
        MemoryMarshal.Write(request[6..], flags);
    }

    // The process has closed it, and the kernel keeps it for the other end: FIN_WAIT1, FIN_WAIT2, TIME_WAIT, CLOSE, LAST_ACK, CLOSING.
    private static bool IsClosed(byte state) => state is 4 or 5 or 6 or 7 or 9 or 11;

    private static bool TryParse(ReadOnlySpan<byte> message, out Listener socket)
    {
        socket = null!;
        if (message.Length < MessageLength || message[0] is not (FamilyIPv4 or FamilyIPv6))
        {
            return false;
        }

        var address = new IPAddress(message.Slice(8, message[0] == FamilyIPv4 ? 4 : 16));
        var port = BinaryPrimitives.ReadUInt16BigEndian(message[4..]);
        socket = new Listener(new IPEndPoint(address, port), MemoryMarshal.Read<uint>(message[68..])) { IPv6Only = IPv6Only(message[MessageLength..]) };
        return true;
    }

    private static bool? IPv6Only(ReadOnlySpan<byte> attributes)
    {
        while (attributes.Length >= 4)
        {
            var length = MemoryMarshal.Read<ushort>(attributes);
            if (length < 4 || length > attributes.Length)
            {
                break;
            }

            if (MemoryMarshal.Read<ushort>(attributes[2..]) == AttributeIPv6Only && length > 4)
            {
                return attributes[4] != 0;
            }

            attributes = attributes[Math.Min((length + 3) & ~3, attributes.Length)..];
        }

        return null;
    }
}
