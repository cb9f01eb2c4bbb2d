using System.Net;
using System.Net.Sockets;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Probes;

public sealed class BindErrorsTests
{
    private static readonly SocketException InUse = new((int)SocketError.AddressAlreadyInUse);

    [Fact]
    public void SocketErrorIn_ErrorInAnyDepth_IsFound()
    {
        foreach (var exception in (Exception[])[InUse, new IOException("no", InUse), new IOException("no", new InvalidOperationException("no", InUse)), new AggregateException(new IOException("other"), new IOException("no", InUse))])
        {
            Assert.Equal(SocketError.AddressAlreadyInUse, BindErrors.SocketErrorIn(exception));
        }
    }

    [Fact]
    public void SocketErrorIn_NoErrorOfASocket_IsNone()
    {
        foreach (var exception in (Exception?[])[null, new IOException("no"), new AggregateException(new IOException("no"), new IOException("no"))])
        {
            Assert.Null(BindErrors.SocketErrorIn(exception));
        }
    }

    [Fact]
    public void DescribeOwners_ListenerOfThisProcess_IsNamed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells the process of a socket.");
        using var server = ListenerProbeTests.Listen(IPAddress.Loopback);
        var address = (IPEndPoint)server.LocalEndPoint!;

        // Another test may be starting a child. Until exec the child has the listening socket too.
        Assert.Matches($"PID [0-9]+ \\(.+\\) on {address}", BindErrors.DescribeOwners(address.Port));
    }

    [Fact]
    public void DescribeOwners_TwoListeners_AreBothNamed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells the process of a socket.");
        var port = FreePort.Next();
        using var first = ListenerProbeTests.Listen(IPAddress.Loopback, port);
        using var second = ListenerProbeTests.Listen(IPAddress.IPv6Loopback, port);

        Assert.Matches($"^PID [0-9]+ \\(.+\\) on (127\\.0\\.0\\.1|\\[::1\\]):{port} and PID [0-9]+ \\(.+\\) on (127\\.0\\.0\\.1|\\[::1\\]):{port}$", BindErrors.DescribeOwners(port));
    }

    [Fact]
    public void DescribeOwners_NoListener_IsNotKnown() => Assert.Equal("an unknown process", BindErrors.DescribeOwners(FreePort.Next()));
}
