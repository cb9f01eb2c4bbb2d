using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace MonitorAspire.AppHost.Standalone.Dashboard;

/// <summary>Chooses ports that nobody listens on.</summary>
internal static class FreePorts
{
    /// <summary>The preferred port where nobody has it on any address, else one that the kernel hands out.</summary>
    /// <param name="preferred">The port that people expect.</param>
    /// <param name="avoid">Ports that are somebody's although nobody listens yet.</param>
    public static int Prefer(int preferred, IReadOnlySet<int> avoid)
        => !avoid.Contains(preferred) && !IsTaken(preferred) ? preferred : Any(avoid);

    /// <summary>A port that the kernel hands out: it does not give the same one to the next who asks.</summary>
    /// <param name="avoid">Ports that are somebody's although nobody listens yet.</param>
    public static int Any(IReadOnlySet<int> avoid)
    {
        while (true)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
            if (!avoid.Contains(port))
            {
                return port;
            }
        }
    }

    /// <summary>Whether anybody listens on the port, on any address.</summary>
    /// <param name="port">The port.</param>
    public static bool IsTaken(int port)
        => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(endpoint => endpoint.Port == port);
}
