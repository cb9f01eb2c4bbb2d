using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervisor.Web;

/// <summary>How many connections and streams are open at a time. Every user of this machine can connect, so connections get a part of the
/// process's descriptors and supervision keeps the rest.</summary>
internal static class ConnectionLimits
{
    // More connections than this are never needed. Where the limit of descriptors is far above it they need not be counted.
    private const int Maximum = 512;

    // The launcher has one.
    private const int MaximumUpgraded = 4;

    /// <summary>Connections to the REST API: a quarter of the descriptors, 16 to 512.</summary>
    internal static int Connections { get; } = Math.Clamp(DescriptorLimit.Current / 4, 16, Maximum);

    /// <summary>Streams of REST API and dashboard together: half the connections, so that streams alone do not lock out other requests.</summary>
    internal static int Streams { get; } = Connections / 2;

    internal static void LimitConnections(this IWebHostBuilder web, int maximum)
    {
        web.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = maximum;
            kestrel.Limits.MaxConcurrentUpgradedConnections = MaximumUpgraded;

            // Connections that send nothing make room for others.
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(20);
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        });
        web.ConfigureServices(services => services.AddSingleton<IConnectionListenerFactory>(provider => new BoundedListenerFactory(
            new SocketTransportFactory(provider.GetRequiredService<IOptions<SocketTransportOptions>>(), provider.GetRequiredService<ILoggerFactory>()),
            maximum,
            HasDescriptors,
            TimeProvider.System)));
    }

    private static bool HasDescriptors() => DescriptorLimit.Current >= 8 * Maximum || DescriptorLimit.Free() >= Math.Clamp(DescriptorLimit.Current / 8, 32, 128);
}
