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
        // It is in no list of listeners, and without SO_REUSEADDR no other socket can bind it.
        using var helper = PythonProcess.Start("""
            import socket
            bound = socket.socket()
            bound.bind(("127.0.0.1", 0))
            print(bound.getsockname()[1], flush=True)
            """);
        var port = int.Parse(helper.FirstLine, System.Globalization.CultureInfo.InvariantCulture);

        Assert.Empty(ListenerProbe.Current.Find(port));
        Assert.Equal(PortState.InUse, Ports.Check([IPAddress.Loopback], port));
    }

    [Fact]
    public void Check_ServerWithConnectionsInTimeWait_Free()
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
        ProcessTableLiveTests.Eventually(() => Ports.Check([IPAddress.Loopback], port) == PortState.Free);
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

    private static int Port(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;
}
