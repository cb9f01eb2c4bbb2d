using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace MonitorAspire.Daemon.Serving;

/// <summary>Binds every address that a host stands for: half a name bound is a daemon that some of its clients cannot reach.</summary>
internal static class ListenAddresses
{
    /// <summary>Tells Kestrel where to listen.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The name cannot be looked up.</exception>
    internal static void Apply(KestrelServerOptions kestrel, string host, int port)
    {
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
