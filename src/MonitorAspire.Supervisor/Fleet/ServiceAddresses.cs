using System.Globalization;
using System.Net;
using Microsoft.Extensions.ServiceDiscovery;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>Looks up host and port of the daemons that have a name in service discovery (Microsoft.Extensions.ServiceDiscovery).</summary>
internal static class ServiceAddresses
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Fills in <see cref="DaemonDefinition.Host"/> and <see cref="DaemonDefinition.Port"/> where a service is given and they are not.</summary>
    /// <exception cref="ConfigurationException">A service has no address; the message has the key and the service.</exception>
    internal static async Task ResolveAsync(MonitorsOptions monitors, IConfiguration configuration)
    {
        var named = monitors.Daemons.Select((daemon, index) => (Daemon: daemon, Index: index)).Where(d => d.Daemon is { Service: not null } and ({ Host: null } or { Port: 0 })).ToList();
        if (named.Count == 0)
        {
            return;
        }

        // The fleet is read before the application is built, and a reload reads a configuration of its own. So a resolver for just this
        // configuration is made, and only if a name has to be looked up.
        await using var services = new ServiceCollection()
            .AddSingleton(configuration)
            .AddLogging()
            .AddServiceDiscoveryCore()
            .AddConfigurationServiceEndpointProvider()
            .BuildServiceProvider();
        var resolver = services.GetRequiredService<ServiceEndpointResolver>();
        foreach (var (daemon, index) in named)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"{MonitorsOptions.Section}:Daemons:{index}:Service");
            var (host, port) = await FindAsync(resolver, daemon.Service!)
                ?? throw new ConfigurationException($"{key}: '{daemon.Service}' has no address with a port in service discovery (the section Services, or services__NAME__ENDPOINT__0 in the environment)");
            daemon.Host ??= host;
            daemon.Port = daemon.Port == 0 ? port : daemon.Port;
        }
    }

    private static async Task<(string Host, int Port)?> FindAsync(ServiceEndpointResolver resolver, string service)
    {
        using var limit = new CancellationTokenSource(Limit, TimeProvider.System);
        try
        {
            var source = await resolver.GetEndpointsAsync(service, limit.Token);
            return source.Endpoints.Select(e => Address(e.EndPoint)).FirstOrDefault(a => a is not null);
        }
        catch (Exception e) when (e is InvalidOperationException or OperationCanceledException or ArgumentException or FormatException)
        {
            return null;
        }
    }

    private static (string Host, int Port)? Address(EndPoint endPoint) => endPoint switch
    {
        IPEndPoint { Port: > 0 } ip => (ip.Address.ToString(), ip.Port),
        DnsEndPoint { Port: > 0 } dns => (dns.Host, dns.Port),
        // A URL without a port has the default port of its scheme.
        UriEndPoint { Uri: { IsAbsoluteUri: true, Port: > 0 } uri } => (uri.Host.Trim('[', ']'), uri.Port),
        _ => null,
    };
}
