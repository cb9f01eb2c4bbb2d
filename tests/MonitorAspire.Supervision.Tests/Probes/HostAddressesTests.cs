using System.Net;
using System.Net.Sockets;
using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Supervision.Tests.Probes;

public class HostAddressesTests
{
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("0.0.0.0", "0.0.0.0")]
    [InlineData("::", "::")]
    [InlineData("[::1]", "::1")]
    [InlineData("::1", "::1")]
    public void Resolve_Literal_IsItself(string host, string expected) => Assert.Equal([IPAddress.Parse(expected)], HostAddresses.Resolve(host));

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST")]
    [InlineData("localhost.")]
    [InlineData("monitor.localhost")]
    public void Resolve_Localhost_IsEveryLoopbackThatTheMachineHas(string host)
    {
        var addresses = HostAddresses.Resolve(host);

        Assert.Equal(IPAddress.Loopback, addresses[0]);
        Assert.Equal(PortAvailability.TryBind(IPAddress.IPv6Loopback, 0) == PortState.Free, addresses.Contains(IPAddress.IPv6Loopback));
    }

    [Theory]
    [InlineData("*")]
    [InlineData("+")]
    public void Resolve_Wildcard_IsBothFamilies(string host) =>
        Assert.Equal(Socket.OSSupportsIPv6 ? [IPAddress.Any, IPAddress.IPv6Any] : [IPAddress.Any], HostAddresses.Resolve(host));

    [Fact]
    public void Resolve_NameThatCannotExist_Throws() => Assert.ThrowsAny<SocketException>(() => HostAddresses.Resolve("no.such.host.invalid"));

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public void Resolve_NoHost_Throws(string host) => Assert.ThrowsAny<ArgumentException>(() => HostAddresses.Resolve(host));

    [Fact]
    public void ProbeTargets_Wildcards_AreReachedOnTheLoopback() => Assert.Equal(
        [IPAddress.Loopback, IPAddress.IPv6Loopback, IPAddress.Parse("192.0.2.7")],
        HostAddresses.ProbeTargets([IPAddress.Any, IPAddress.IPv6Any, IPAddress.Loopback, IPAddress.Parse("192.0.2.7"), IPAddress.Parse("::ffff:127.0.0.1")]));
}
