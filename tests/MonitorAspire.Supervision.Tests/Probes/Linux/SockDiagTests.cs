using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using CsCheck;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Probes.Linux;

namespace MonitorAspire.Supervision.Tests.Probes.Linux;

public class SockDiagTests
{
    [Fact]
    public void Parse_AnyBytes_NeverThrows() => Gen.Byte.Array[0, 300].Sample(bytes => { _ = SockDiagMessages.Parse(bytes, []); });

    [Fact]
    public void Parse_AnyDamagedAnswer_NeverThrows() =>
        Gen.Select(Gen.Int[0, 87], Gen.Byte, Gen.Int[0, 88]).Sample((at, value, length) =>
        {
            var message = Message(new Listener(IPEndPoint.Parse("[::1]:8768"), 1) { IPv6Only = true }, 2);
            message[at] = value;
            _ = SockDiagMessages.Parse(message.AsSpan(0, length), []);
        });

    [Fact]
    public void Parse_AnySockets_RoundTrip()
    {
        var listener = Gen.Select(Gen.OneOf(Gen.Byte.Array[4], Gen.Byte.Array[16]), Gen.Int[0, 65535], Gen.UInt, Gen.Bool)
            .Select((bytes, port, inode, only) => new Listener(new IPEndPoint(new IPAddress(bytes), port), inode) { IPv6Only = bytes.Length == 4 ? null : only });
        listener.Array[0, 5].Sample(expected =>
        {
            var sockets = new List<Listener>();
            Assert.Equal(SockDiagReply.Done, SockDiagMessages.Parse([.. expected.SelectMany(one => Message(one, 2)), .. Done()], sockets));
            Assert.Equal(expected, sockets);

            sockets.Clear();
            var cut = SockDiagMessages.Parse([.. expected.SelectMany(one => Message(one, 2))], sockets);
            Assert.Equal(expected.Length == 0 ? SockDiagReply.Failed : SockDiagReply.More, cut);
        });
    }

    [Theory]
    [InlineData(2, 2)] // an error
    [InlineData(20, 0x12)] // a dump that the kernel calls inconsistent
    public void Parse_KernelReportsAnError_Fails(ushort type, ushort flags)
    {
        var message = Message(new Listener(IPEndPoint.Parse("127.0.0.1:1"), 1), flags);
        MemoryMarshal.Write(message.AsSpan(4), type);

        Assert.Equal(SockDiagReply.Failed, SockDiagMessages.Parse(message, []));
    }

    [Theory]
    [InlineData(40, 2)] // shorter than a socket
    [InlineData(88, 1)] // a socket of another family
    public void Parse_MessageWithoutASocket_Fails(int length, byte family)
    {
        var message = Message(new Listener(IPEndPoint.Parse("127.0.0.1:1"), 1), 2);
        MemoryMarshal.Write(message, length);
        message[16] = family;

        Assert.Equal(SockDiagReply.Failed, SockDiagMessages.Parse(message, []));
    }

    [Theory]
    [InlineData("0500 0B00 01", true)]
    [InlineData("0500 0B00 00", false)]
    [InlineData("0400 0700 0500 0B00 01", true)] // another one before it, which is empty
    [InlineData("0400 0B00", null)] // without its value
    [InlineData("C800 0B00 01", null)] // longer than the message
    [InlineData("0000 0B00 01", null)] // shorter than itself
    public void Parse_Attributes_TellWhetherItServesIPv4(string attributes, bool? only)
    {
        var bytes = Convert.FromHexString(attributes.Replace(" ", "", StringComparison.Ordinal));
        byte[] message = [.. Message(new Listener(IPEndPoint.Parse("[::]:8768"), 1), 2), .. bytes];
        MemoryMarshal.Write(message, message.Length);
        var sockets = new List<Listener>();

        Assert.Equal(SockDiagReply.More, SockDiagMessages.Parse(message, sockets));
        Assert.Equal(only, Assert.Single(sockets).IPv6Only);
    }

    [Theory]
    [InlineData("socket:[1525]", 1525)]
    [InlineData("socket:[0]", 0)]
    [InlineData("socket:[12x]", null)]
    [InlineData("socket:[-1]", null)]
    [InlineData("socket:[]", null)]
    [InlineData("socket:[1525", null)]
    [InlineData("pipe:[15251525]", null)]
    [InlineData("/dev/null", null)]
    public void TryParse_LinkOfADescriptor_IsTheInodeOfASocketOnly(string link, int? inode) =>
        Assert.Equal(inode, SocketScan.TryParse(Encoding.ASCII.GetBytes(link), out var found) ? (int)found : null);

    // A supervisor asks several times each second.
    [Fact]
    public void TryFindInode_Thousands_LeaveNoDescriptorOpen()
    {
        Linux();
        using var socket = ListenerProbeTests.Listen(IPAddress.Loopback);
        var (endPoint, before) = ((IPEndPoint)socket.LocalEndPoint!, Open());

        for (var i = 0; i < 3000; i++)
        {
            _ = SockDiag.TryFindInode(endPoint, endPoint, out _); // there is no such connection
            _ = SockDiag.TryFindListeners(endPoint.Port, []);
        }

        // Other tests have files open too.
        Assert.InRange(Open(), 0, before + 1000);

        static int Open() => Directory.GetFileSystemEntries("/proc/self/fd").Length;
    }

    [Theory]
    [InlineData("127.0.0.1", null)]
    [InlineData("0.0.0.0", null)]
    [InlineData("::1", true)]
    [InlineData("::", true)]
    [InlineData("::", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    public void TryFindListeners_RealSocket_AgreesWithProc(string address, bool? ipv6Only)
    {
        Linux();
        using var socket = new Socket(IPAddress.Parse(address).AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (ipv6Only is not null)
        {
            socket.DualMode = !ipv6Only.Value;
        }

        socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        socket.Listen();
        var endPoint = (IPEndPoint)socket.LocalEndPoint!;
        var asked = new List<Listener>();
        var read = new List<Listener>();

        Assert.True(SockDiag.TryFindListeners(endPoint.Port, asked));
        foreach (var file in (string[])["/proc/net/tcp", "/proc/net/tcp6"])
        {
            ProcNetTcp.Parse(Encoding.UTF8.GetBytes(File.ReadAllText(file)), endPoint.Port, read);
        }

        Assert.Equal(read, asked.Select(listener => listener with { IPv6Only = null }));
        Assert.Equal(ipv6Only, Assert.Single(asked).IPv6Only);
        Assert.Equal(endPoint, asked[0].EndPoint);
    }

    [Fact]
    public void TryFindListeners_ManySockets_GivesThemAll()
    {
        Linux();
        var sockets = Enumerable.Range(0, 500).Select(_ => ListenerProbeTests.Listen(IPAddress.Loopback)).ToList();
        try
        {
            var found = new List<Listener>();
            Assert.True(SockDiag.TryFindListeners(null, found));
            Assert.Superset(sockets.Select(socket => (IPEndPoint)socket.LocalEndPoint!).ToHashSet(), found.Select(listener => listener.EndPoint).ToHashSet());
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public void TryFindListeners_PortZero_GivesNone()
    {
        Linux();
        using var socket = ListenerProbeTests.Listen(IPAddress.Loopback);
        var found = new List<Listener>();

        Assert.True(SockDiag.TryFindListeners(0, found));
        Assert.Empty(found);
    }

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("::1", false)]
    [InlineData("127.0.0.1", true)]
    public void InodeOf_AcceptedConnection_IsTheServersSocket(string address, bool dualStack)
    {
        Linux();
        using var server = dualStack ? new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true } : ListenerProbeTests.Listen(IPAddress.Parse(address));
        if (dualStack)
        {
            server.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
            server.Listen();
        }

        using var client = new Socket(IPAddress.Parse(address).AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(IPAddress.Parse(address), ((IPEndPoint)server.LocalEndPoint!).Port);
        var (near, far) = ((IPEndPoint)client.LocalEndPoint!, (IPEndPoint)client.RemoteEndPoint!);

        Assert.Equal((true, 0), Find(far, near)); // no process has accepted it
        using var accepted = server.Accept();
        Assert.Equal((true, InodeOf(accepted)), Find(far, near));
        Assert.Equal((true, InodeOf(client)), Find(near, far));
        Assert.Equal((false, 0), Find(new IPEndPoint(far.Address, 1), near));
        Assert.Equal((true, InodeOf(client)), Find(near, far)); // after a question that failed

        static (bool, long) Find(IPEndPoint local, IPEndPoint remote) => (SockDiag.TryFindInode(local, remote, out var inode), inode);
    }

    private static long InodeOf(Socket socket)
    {
        var link = File.ResolveLinkTarget($"/proc/self/fd/{socket.Handle}", returnFinalTarget: false)!.Name;
        Assert.True(SocketScan.TryParse(Encoding.UTF8.GetBytes(link), out var inode));
        return inode;
    }

    private static byte[] Message(Listener listener, ushort flags)
    {
        var bytes = listener.EndPoint.Address.GetAddressBytes();
        var message = new byte[listener.IPv6Only is null ? 88 : 96];
        MemoryMarshal.Write(message, message.Length - (listener.IPv6Only is null ? 0 : 3));
        MemoryMarshal.Write(message.AsSpan(4), (ushort)20);
        MemoryMarshal.Write(message.AsSpan(6), flags);
        message[16] = (byte)(bytes.Length == 4 ? 2 : 10);
        message[17] = 10;
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(20), (ushort)listener.EndPoint.Port);
        bytes.CopyTo(message, 24);
        MemoryMarshal.Write(message.AsSpan(80), 1000u);
        MemoryMarshal.Write(message.AsSpan(84), (uint)listener.Inode);
        if (listener.IPv6Only is { } only)
        {
            MemoryMarshal.Write(message.AsSpan(88), (ushort)5);
            MemoryMarshal.Write(message.AsSpan(90), (ushort)11);
            message[92] = (byte)(only ? 1 : 0);
        }

        return message;
    }

    private static byte[] Done()
    {
        var message = new byte[20];
        MemoryMarshal.Write(message, message.Length);
        MemoryMarshal.Write(message.AsSpan(4), (ushort)3);
        return message;
    }

    private static void Linux() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has socket diagnosis.");
}
