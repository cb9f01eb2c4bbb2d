using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace MonitorAspire.Supervision.Interop;

/// <summary>
/// A TCP connection that is made with the system's own calls. <see cref="Socket"/> makes three times as many of them, and an answer wakes two of its
/// threads. Each wait is short, and blocks the calling thread.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class TcpConnection : IDisposable
{
    private const int StreamNonBlockingCloseOnExec = 1 | 0x800 | 0x80000;
    private const short Readable = 1;
    private const short Writable = 4;
    private const short Failed = 8;
    private const int NoSignal = 0x4000; // MSG_NOSIGNAL
    private const int FamilyIPv4 = 2;
    private const int FamilyIPv6 = 10;
    private const int AddressLength = 28;

    private readonly SafeFileHandle _handle;

    private TcpConnection(SafeFileHandle handle, IPEndPoint ourEnd) => (_handle, OurEnd) = (handle, ourEnd);

    /// <summary>The local end.</summary>
    internal IPEndPoint OurEnd { get; }

    /// <summary>Connects; <see langword="null"/> where that failed or took longer than the limit.</summary>
    internal static TcpConnection? TryConnect(IPEndPoint target, int limitMilliseconds)
    {
        var descriptor = LibC.Socket(target.AddressFamily == AddressFamily.InterNetworkV6 ? FamilyIPv6 : FamilyIPv4, StreamNonBlockingCloseOnExec, 0);
        if (descriptor < 0)
        {
            return null;
        }

        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        var address = stackalloc byte[AddressLength];
        var length = Write(target, new Span<byte>(address, AddressLength));

        // Mostly "in progress", although a connection to this machine is complete at once. A failed one is readable as well.
        _ = LibC.connect(descriptor, address, length);
        if (WaitFor(descriptor, Writable, limitMilliseconds) == Writable)
        {
            var size = (uint)AddressLength;
            if (LibC.getsockname(descriptor, address, &size) == 0)
            {
                return new TcpConnection(handle, Read(new ReadOnlySpan<byte>(address, AddressLength)));
            }
        }

        handle.Dispose();
        return null;
    }

    /// <summary>Sends as many bytes as is possible at once, and returns their number.</summary>
    internal int Send(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return (int)Math.Max(0, LibC.Send(Descriptor, start, (nuint)bytes.Length, NoSignal));
        }
    }

    /// <summary>Receives what has come, or comes within the limit: 0 bytes at the end of the connection, -1 where nothing has come or the connection has failed.</summary>
    internal int TryReceive(Span<byte> buffer, int limitMilliseconds)
    {
        // The error stays in the socket for the one who reports it.
        var events = WaitFor(Descriptor, Readable, limitMilliseconds);
        if ((events & Readable) == 0 || (events & Failed) != 0)
        {
            return -1;
        }

        fixed (byte* start = buffer)
        {
            return (int)LibC.Receive(Descriptor, start, (nuint)buffer.Length, 0);
        }
    }

    /// <summary>The same connection as a socket, which has the descriptor from now on.</summary>
    internal Socket ToSocket()
    {
        var socket = new Socket(new SafeSocketHandle(_handle.DangerousGetHandle(), ownsHandle: true));
        _handle.SetHandleAsInvalid();
        return socket;
    }

    public void Dispose() => _handle.Dispose();

    private int Descriptor => (int)_handle.DangerousGetHandle();

    private static short WaitFor(int descriptor, short events, int limitMilliseconds)
    {
        var waiting = new LibC.PollDescriptor { Fd = descriptor, Events = events };
        return LibC.poll(&waiting, 1, limitMilliseconds) == 1 ? waiting.ReturnedEvents : (short)0;
    }

    // struct sockaddr_in:  0 family(2) 2 port(2) 4 address(4)
    // struct sockaddr_in6: 0 family(2) 2 port(2) 4 flow(4) 8 address(16) 24 scope(4)
    private static uint Write(IPEndPoint endPoint, Span<byte> address)
    {
        var isIPv6 = endPoint.AddressFamily == AddressFamily.InterNetworkV6;
        address.Clear();
        MemoryMarshal.Write(address, (ushort)(isIPv6 ? FamilyIPv6 : FamilyIPv4));
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], (ushort)endPoint.Port);
        _ = endPoint.Address.TryWriteBytes(address[(isIPv6 ? 8 : 4)..], out _);
        if (isIPv6)
        {
            MemoryMarshal.Write(address[24..], (uint)endPoint.Address.ScopeId);
        }

        return isIPv6 ? AddressLength : 16u;
    }

    private static IPEndPoint Read(ReadOnlySpan<byte> address)
    {
        var isIPv6 = MemoryMarshal.Read<ushort>(address) == FamilyIPv6;
        return new IPEndPoint(isIPv6 ? new IPAddress(address.Slice(8, 16), MemoryMarshal.Read<uint>(address[24..])) : new IPAddress(address.Slice(4, 4)), BinaryPrimitives.ReadUInt16BigEndian(address[2..]));
    }
}
