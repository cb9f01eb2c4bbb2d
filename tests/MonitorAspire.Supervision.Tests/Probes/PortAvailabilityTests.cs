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
    public void Check_SomebodyListens_InUse(string listening, string host)
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
    public void Check_OtherFamilyAlone_Free()
    {
        // Not any port: one out of the range of outgoing connections may be somebody's on the other family.
        using var socket = ListenerProbeTests.Listen(IPAddress.IPv6Loopback, FreePort.Next());

        Assert.Equal(PortState.Free, Ports.Check([IPAddress.Loopback], Port(socket)));
    }

    [Fact]
    public void Check_BoundButNotListening_InUse()
    {
        // In no table of listeners; and without SO_REUSEADDR nobody else may bind it.
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

            // The server's side closes first, so that it is its port that stays in TIME_WAIT.
            using (var accepted = server.Accept())
            {
                accepted.Shutdown(SocketShutdown.Both);
            }

            Assert.Equal(0, client.Receive(new byte[1]));
        }

        // A child that a test beside this one is starting has the listening socket too, until it executes its program.
        ProcessTableLiveTests.Eventually(() => Ports.Check([IPAddress.Loopback], port) == PortState.Free);
    }

    [Fact]
    public void Check_OnlyAClientConnection_LeavesOtherAddressesFree()
    {
        // The client's own port is held on the address of its connection; nobody listens on it.
        using var server = ListenerProbeTests.Listen(IPAddress.Loopback);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Bind(new IPEndPoint(IPAddress.Loopback, FreePort.Next()));
        client.Connect(server.LocalEndPoint!);
        var port = Port(client);

        Assert.Empty(ListenerProbe.Current.Find(port));
        Assert.Equal(PortState.Free, PortAvailability.TryBind(IPAddress.IPv6Loopback, port));
    }

    [Fact]
    public void TryBind_AddressOfNobody_AddressNotAvailable() =>
        Assert.Equal(PortState.AddressNotAvailable, PortAvailability.TryBind(IPAddress.Parse("192.0.2.7"), 0));

    [Fact]
    public void TryBind_AddressOfNobodyInIPv6_AddressNotAvailable() =>
        Assert.Equal(PortState.AddressNotAvailable, PortAvailability.TryBind(IPAddress.Parse("2001:db8::7"), 0));

    private static int Port(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;
}
