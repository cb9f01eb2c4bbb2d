using System.Net;
using CsCheck;
using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Supervision.Tests.Probes;

public class ListenerCoverageTests
{
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1", true)]
    [InlineData("127.0.0.1", "127.0.0.2", false)]
    [InlineData("0.0.0.0", "127.0.0.1", true)]
    [InlineData("0.0.0.0", "::1", false)]
    [InlineData("::", "::1", true)]
    [InlineData("::", "127.0.0.1", true)] // dual-stack unless IPv6Only is known
    [InlineData("::", "0.0.0.0", true)]
    [InlineData("::1", "127.0.0.1", false)]
    [InlineData("::ffff:127.0.0.1", "127.0.0.1", true)]
    [InlineData("::ffff:0.0.0.0", "127.0.0.1", true)]
    [InlineData("127.0.0.1", "0.0.0.0", false)] // should listen everywhere, but listens on the loopback
    [InlineData("::1", "::", false)]
    [InlineData("0.0.0.0", "::", false)]
    [InlineData("fe80::1", "fe80::1%2", true)]
    public void Serves_OneAddress_LikeTheKernel(string listening, string wanted, bool expected) =>
        Assert.Equal(expected, ListenerCoverage.Serves(On(IPAddress.Parse(listening)), [IPAddress.Parse(wanted)]));

    [Fact]
    public void Serves_OneOfTheHostsAddresses_IsEnough() =>
        Assert.True(ListenerCoverage.Serves(On(IPAddress.IPv6Loopback), [IPAddress.Loopback, IPAddress.IPv6Loopback]));

    [Fact]
    public void Serves_IPv6OnlyWildcard_DoesNotServeIPv4()
    {
        var listener = On(IPAddress.IPv6Any) with { IPv6Only = true };

        Assert.False(ListenerCoverage.Serves(listener, [IPAddress.Loopback]));
        Assert.False(ListenerCoverage.Conflicts(listener, [IPAddress.Loopback]));
        Assert.True(ListenerCoverage.Serves(listener, [IPAddress.IPv6Loopback]));
        Assert.True(ListenerCoverage.Serves(listener with { IPv6Only = null }, [IPAddress.Loopback]));
    }

    [Theory]
    [InlineData("127.0.0.1", "0.0.0.0", true)]
    [InlineData("127.0.0.1", "::", true)] // a new dual-stack wildcard needs the port on IPv4 too
    [InlineData("::1", "::", true)]
    [InlineData("::1", "0.0.0.0", false)]
    [InlineData("0.0.0.0", "::1", false)]
    [InlineData("127.0.0.1", "127.0.0.2", false)]
    public void Conflicts_OneAddress_WhereABindFails(string listening, string wanted, bool expected) =>
        Assert.Equal(expected, ListenerCoverage.Conflicts(On(IPAddress.Parse(listening)), [IPAddress.Parse(wanted)]));

    [Fact]
    public void Conflicts_OneOfTheHostsAddresses_IsEnough() =>
        Assert.True(ListenerCoverage.Conflicts(On(IPAddress.IPv6Loopback), [IPAddress.Loopback, IPAddress.IPv6Loopback]));

    [Fact]
    public void Conflicts_SocketThatServes_Always() =>
        Gen.Select(Address, Address).Sample((listening, wanted) =>
            !ListenerCoverage.Serves(On(listening), [wanted]) || ListenerCoverage.Conflicts(On(listening), [wanted]));

    private static Listener On(IPAddress address) => new(new IPEndPoint(address, 1), 1);

    private static readonly Gen<IPAddress> Address = Gen.OneOf(
        Gen.OneOf("127.0.0.1", "0.0.0.0", "::", "::1", "::ffff:127.0.0.1", "::ffff:0.0.0.0").Select(IPAddress.Parse),
        Gen.Byte.Array[4].Select(bytes => new IPAddress(bytes)),
        Gen.Byte.Array[16].Select(bytes => new IPAddress(bytes)));
}
