using System.Net;
using MonitorAspire.Supervisor.Settings;
using MonitorAspire.Supervisor.Web;

namespace MonitorAspire.Supervisor.Security;

/// <summary>Refuses requests with a foreign Host header. A web page can resolve its own name to 127.0.0.1 (DNS rebinding) and so make a
/// browser send requests to this supervisor; their Host header is the name of the page.</summary>
internal static class HostMiddleware
{
    internal static void UseOwnHosts(this WebApplication app, SupervisorSettings settings)
    {
        var allowed = new HashSet<string>(["localhost", .. settings.AllowedHosts, .. settings.Addresses.Select(a => a.Host)], StringComparer.OrdinalIgnoreCase);
        app.Use((context, next) => IsOwn(context, allowed)
            ? next(context)
            : Problems.Write(
                context, StatusCodes.Status403Forbidden, $"The host '{context.Request.Host}' is not this supervisor's; add it to {SupervisorSettings.AllowedHostsKey} if it should be."));
    }

    private static bool IsOwn(HttpContext context, HashSet<string> allowed)
    {
        var host = context.Request.Host.Host.Trim('[', ']');
        if (allowed.Contains(host))
        {
            return true;
        }

        // A literal address cannot be rebound: the loopback and the address of this connection are fine.
        return IPAddress.TryParse(host, out var address)
            && (IPAddress.IsLoopback(address) || (context.Connection.LocalIpAddress is { } local && Same(address, local)));
    }

    private static bool Same(IPAddress one, IPAddress other)
        => (one.IsIPv4MappedToIPv6 ? one.MapToIPv4() : one).Equals(other.IsIPv4MappedToIPv6 ? other.MapToIPv4() : other);
}
