using System.Net;
using MonitorAspire.Supervisor.Rest;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Security;

/// <summary>
/// Refuses a request for a host that is not this one. A web page can make its own name stand for 127.0.0.1 (DNS rebinding) and so have
/// a browser talk to us as if we were that page's server; the Host header gives it away.
/// </summary>
internal static class HostMiddleware
{
    internal static void UseOwnHosts(this WebApplication app, SupervisorSettings settings)
    {
        var allowed = new HashSet<string>(["localhost", .. settings.AllowedHosts, .. settings.Addresses.Select(a => a.Host)], StringComparer.OrdinalIgnoreCase);
        app.Use((context, next) => IsOwn(context, allowed)
            ? next(context)
            : Problems.Write(context, StatusCodes.Status403Forbidden, $"The host '{context.Request.Host}' is not this supervisor's; add it to {SettingsKey} if it should be."));
    }

    private const string SettingsKey = SupervisorSettings.AllowedHostsKey;

    private static bool IsOwn(HttpContext context, HashSet<string> allowed)
    {
        var host = context.Request.Host.Host.Trim('[', ']');
        if (allowed.Contains(host))
        {
            return true;
        }

        // An address cannot be made to stand for another one: the loopback, or the very address that was connected to.
        return IPAddress.TryParse(host, out var address)
            && (IPAddress.IsLoopback(address) || (context.Connection.LocalIpAddress is { } local && Same(address, local)));
    }

    private static bool Same(IPAddress one, IPAddress other)
        => (one.IsIPv4MappedToIPv6 ? one.MapToIPv4() : one).Equals(other.IsIPv4MappedToIPv6 ? other.MapToIPv4() : other);
}
