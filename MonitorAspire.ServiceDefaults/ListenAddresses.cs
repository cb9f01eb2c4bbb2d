using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace MonitorAspire.ServiceDefaults;

/// <summary>Binds every address that a host stands for: half a name bound is a daemon that some of its clients cannot reach.</summary>
public static class ListenAddresses
{
    /// <summary>Tells Kestrel where to listen.</summary>
    /// <param name="kestrel">The server.</param>
    /// <param name="host">A literal, <c>localhost</c> (both loopbacks), <c>*</c> or <c>+</c> (all addresses), or a name to be looked up.</param>
    /// <param name="port">The port.</param>
    /// <exception cref="System.Net.Sockets.SocketException">The name cannot be looked up.</exception>
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
