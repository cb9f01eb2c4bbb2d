using System.Net;
using System.Net.Sockets;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Tests.Identity;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Probes;

public class PortAvailabilityTests
{
    private static readonly PortAvailability Ports = PortAvailability.Current;

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("0.0.0.0", "127.0.0.1")]
    [InlineData("127.0.0.1", "0.0.0.0")]
    [InlineData("127.0.0.1", "localhost")]
    [InlineData("::1", "localhost")]
    [InlineData("::1", "*")]
    [InlineData("127.0.0.1", "*")]
    [InlineData("127.0.0.1", "::")]
    public void Check_SocketListens_InUse(string listening, string host)
    {
        using var socket = ListenerProbeTests.Listen(IPAddress.Parse(listening));

        Assert.Equal(PortState.InUse, Ports.Check(HostAddresses.Find(host), Port(socket)));
    }

    [Fact]
    public void Check_DualStackWildcard_InUseOnIPv4()
    {
        using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };
        socket.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        socket.Listen();

        Assert.Equal(PortState.InUse, Ports.Check([IPAddress.Loopback], Port(socket)));
    }

    [Fact]
    public void Check_OnlyTheOtherFamilyInUse_Free()
    {
        // Not an ephemeral port: an outgoing connection may use it on the other family.
        using var socket = ListenerProbeTests.Listen(IPAddress.IPv6Loopback, FreePort.Next());

        Assert.Equal(PortState.Free, Ports.Check([IPAddress.Loopback], Port(socket)));
    }

    [Fact]
    public void Check_BoundButNotListening_InUse()
    {
        using var helper = Bound(out var port);

        Assert.Empty(ListenerProbe.Current.Find(port));
        Assert.Equal(PortState.InUse, Ports.Check([IPAddress.Loopback], port));

        // The wildcard of IPv6 needs the port on IPv4 too, and a mapped address is one of IPv4.
        Assert.Equal(PortState.InUse, PortAvailability.TryBind(IPAddress.IPv6Any, port));
        Assert.Equal(PortState.InUse, PortAvailability.TryBind(IPAddress.Parse("::ffff:127.0.0.1"), port));
    }

    [Fact]
    public async Task Check_ServerWithConnectionsInTimeWait_Free()
    {
        var port = FreePort.Next();
        using (var server = ListenerProbeTests.Listen(IPAddress.Loopback, port))
        {
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            client.Connect(IPAddress.Loopback, port);

            // The server closes first, so its port stays in TIME_WAIT.
            using (var accepted = server.Accept())
            {
                accepted.Shutdown(SocketShutdown.Both);
            }

            Assert.Equal(0, client.Receive(new byte[1]));
        }

        // Another test may be starting a child. Until exec the child has the listening socket too.
        await Wait.UntilAsync(() => Ports.Check([IPAddress.Loopback], port) == PortState.Free, "the port is free");
    }

    [Fact]
    public void Check_OnlyAClientConnection_LeavesOtherAddressesFree()
    {
        // The client's port is used only on the address of its connection. No socket listens on it.
        using var server = ListenerProbeTests.Listen(IPAddress.Loopback);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Bind(new IPEndPoint(IPAddress.Loopback, FreePort.Next()));
        client.Connect(server.LocalEndPoint!);
        var port = Port(client);

        Assert.Empty(ListenerProbe.Current.Find(port));
        Assert.Equal(PortState.Free, PortAvailability.TryBind(IPAddress.IPv6Loopback, port));
    }

    [Fact]
    public void TryBind_AddressOfAnotherMachine_AddressNotAvailable() =>
        Assert.Equal(PortState.AddressNotAvailable, PortAvailability.TryBind(IPAddress.Parse("192.0.2.7"), 0));

    [Fact]
    public void TryBind_IPv6AddressOfAnotherMachine_AddressNotAvailable() =>
        Assert.Equal(PortState.AddressNotAvailable, PortAvailability.TryBind(IPAddress.Parse("2001:db8::7"), 0));

    [Fact]
    public void FirstFree_SomeAreUsedOrNotWanted_IsTheFirstOther()
    {
        var first = FreePort.Consecutive(4);
        using var socket = ListenerProbeTests.Listen(IPAddress.Loopback, first);

        Assert.Equal(first + 2, Ports.FirstFree([IPAddress.Loopback], first, first + 3, port => port != first + 1));
        Assert.Equal(first + 1, Ports.FirstFree([IPAddress.Loopback], first + 1, first + 1, _ => true));
        Assert.Null(Ports.FirstFree([IPAddress.Loopback], first, first, _ => true));
        Assert.Null(Ports.FirstFree([IPAddress.Loopback], first, first + 3, _ => false));
        Assert.Null(Ports.FirstFree([], first, first + 3, _ => true));
    }

    [Fact]
    public void Lingering_BoundButNotListening_IsThePortWithItsOldConnections()
    {
        using var helper = Bound(out var port);
        using var proc = new RecordedProc();
        proc.Write("net/tcp", TimeWait(port, 300) + TimeWait(port, 500)).Write("net/tcp6", TimeWait(port, 400));
        var ports = new PortAvailability(new ListenerProbe(proc.Table()));

        Assert.Equal(new LingeringPort(port, 3, TimeSpan.FromSeconds(5)), ports.Lingering([IPAddress.IPv6Loopback, IPAddress.Loopback], port));
        Assert.Null(ports.Lingering([IPAddress.IPv6Loopback], port)); // it can be bound there

        static string TimeWait(int port, int ticks) => $"   0: 0100007F:{port:X4} 0100007F:D766 06 00000000:00000000 03:{ticks:X8} 00000000     0        0 0 3 000000009ddcfe32\n";
    }

    [Fact]
    public void Lingering_ProcessListensOrPortIsFree_IsNone()
    {
        using var socket = ListenerProbeTests.Listen(IPAddress.Loopback);

        Assert.Null(Ports.Lingering([IPAddress.Loopback], Port(socket)));
        Assert.Null(Ports.Lingering([IPAddress.Loopback], FreePort.Next()));
    }

    [Theory]
    [InlineData(0, "port 8768 is in use, but no process listens on it: a socket is bound to it or is just being closed; its owner could not be seen")]
    [InlineData(1, "port 8768 is free only when 1 old connection in TIME_WAIT is gone, up to 6 s (a server with SO_REUSEADDR leaves none in the way)")]
    [InlineData(2, "port 8768 is free only when 2 old connections in TIME_WAIT are gone, up to 6 s (a server with SO_REUSEADDR leaves none in the way)")]
    public void LingeringPort_InWords_SaysHowLong(int timeWaits, string text) => Assert.Equal(text, new LingeringPort(8768, timeWaits, TimeSpan.FromSeconds(5.1)).ToString());

    // It is in no list of listeners, and without SO_REUSEADDR no other socket can bind it.
    private static PythonProcess Bound(out int port)
    {
        var helper = PythonProcess.Start("""
            import socket
            bound = socket.socket()
            bound.bind(("127.0.0.1", 0))
            print(bound.getsockname()[1], flush=True)
            """);
        port = int.Parse(helper.FirstLine, System.Globalization.CultureInfo.InvariantCulture);
        return helper;
    }

    private static int Port(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;
}
