using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace MonitorAspire.ServiceDefaults;

/// <summary>Listens on every address of a host name. With only some of them, a part of the clients could not connect.</summary>
public static class ListenAddresses
{
    /// <summary>Tells Kestrel where to listen.</summary>
    /// <param name="kestrel">The server.</param>
    /// <param name="host">An IP address, <c>localhost</c> (both loopback addresses), <c>*</c> or <c>+</c> (all addresses), or a name to resolve.</param>
    /// <param name="port">The port.</param>
    /// <exception cref="System.Net.Sockets.SocketException">The name cannot be resolved.</exception>
    public static void Apply(KestrelServerOptions kestrel, string host, int port)
    {
        ArgumentNullException.ThrowIfNull(kestrel);
        if (IPAddress.TryParse(host, out var address))
        {
            kestrel.Listen(address, port);
        }
        else if (host is "*" or "+")
        {
            kestrel.ListenAnyIP(port);
        }
        else if (string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase))
        {
            kestrel.ListenLocalhost(port);
        }
        else
        {
            foreach (var resolved in Dns.GetHostAddresses(host).Distinct())
            {
                kestrel.Listen(resolved, port);
            }
        }
    }
}
