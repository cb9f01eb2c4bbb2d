using System.Net;
using System.Net.Sockets;
using MonitorAspire.Supervision.Daemons;
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
    public void Find_Literal_IsItself(string host, string expected) => Assert.Equal([IPAddress.Parse(expected)], HostAddresses.Find(host));

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST")]
    [InlineData("localhost.")]
    [InlineData("monitor.localhost")]
    public void Find_Localhost_IsEveryLoopbackThatTheMachineHas(string host)
    {
        var addresses = HostAddresses.Find(host);

        Assert.Equal(IPAddress.Loopback, addresses[0]);
        Assert.Equal(PortAvailability.TryBind(IPAddress.IPv6Loopback, 0) == PortState.Free, addresses.Contains(IPAddress.IPv6Loopback));
    }

    [Theory]
    [InlineData("*")]
    [InlineData("+")]
    public void Find_Wildcard_IsBothFamilies(string host) =>
        Assert.Equal(Socket.OSSupportsIPv6 ? [IPAddress.Any, IPAddress.IPv6Any] : [IPAddress.Any], HostAddresses.Find(host));

    [Fact]
    public void Find_NameThatCannotExist_HasNone() => Assert.Empty(HostAddresses.Find("no.such.host.invalid"));

    [Fact]
    public void Find_NameThatIsTooLong_HasNoAddress() => Assert.Empty(HostAddresses.Find(new string('a', 300)));

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public void Find_NoHost_Throws(string host) => Assert.ThrowsAny<ArgumentException>(() => HostAddresses.Find(host));

    [Fact]
    public void ProbeTargets_Wildcards_BecomeTheLoopback() => Assert.Equal(
        [IPAddress.Loopback, IPAddress.IPv6Loopback, IPAddress.Parse("192.0.2.7")],
        HostAddresses.ProbeTargets([IPAddress.Any, IPAddress.IPv6Any, IPAddress.Loopback, IPAddress.Parse("192.0.2.7"), IPAddress.Parse("::ffff:127.0.0.1")]));

    [Theory]
    [InlineData("127.0.0.1", "http://127.0.0.1:8768")]
    [InlineData("localhost", "http://localhost:8768")]
    [InlineData("::1", "http://[::1]:8768")]
    [InlineData("[::1]", "http://[::1]:8768")]
    [InlineData("0.0.0.0", "http://127.0.0.1:8768")]
    [InlineData("*", "http://127.0.0.1:8768")]
    [InlineData("+", "http://127.0.0.1:8768")]
    [InlineData("::", "http://[::1]:8768")]
    [InlineData("[::]", "http://[::1]:8768")]
    public void Url_AnyHost_CanBeConnectedTo(string host, string expected) => Assert.Equal(expected, HostAddresses.Url(host, 8768));

    [Theory]
    [InlineData(HealthCheckKind.Https, "https://127.0.0.1:8768")]
    [InlineData(HealthCheckKind.Tcp, "tcp://127.0.0.1:8768")]
    [InlineData(HealthCheckKind.Log, "tcp://127.0.0.1:8768")]
    public void Url_KindOfTheHealthCheck_IsItsScheme(HealthCheckKind kind, string expected) => Assert.Equal(expected, HostAddresses.Url("127.0.0.1", 8768, kind));

    [Theory]
    [InlineData("127.0.0.1", 1)]
    [InlineData("no.such.host.invalid", 0)]
    public async Task FindAsync_AnyHost_AsFind(string host, int count)
    {
        Assert.Equal(count, (await HostAddresses.FindAsync(host, TestContext.Current.CancellationToken)).Count);
        Assert.Empty(await HostAddresses.FindAsync(new string('a', 300), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task FindAsync_Cancelled_Throws() =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => HostAddresses.FindAsync("no.such.host.invalid", new CancellationToken(canceled: true)).AsTask());

    [Fact]
    public async Task Resolve_NameThatCannotExist_Throws() =>
        await Assert.ThrowsAsync<SocketException>(() => HostAddresses.ResolveAsync("no.such.host.invalid", TestContext.Current.CancellationToken).AsTask());
}
