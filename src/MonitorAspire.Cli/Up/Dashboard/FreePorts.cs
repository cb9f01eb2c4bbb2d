using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace MonitorAspire.Cli.Up.Dashboard;

/// <summary>Chooses ports that nobody listens on.</summary>
internal static class FreePorts
{
    /// <summary>The preferred port if nobody listens on it, else one from the kernel.</summary>
    /// <param name="preferred">The port that people expect.</param>
    /// <param name="taken">Ports that are somebody's although nobody listens on them yet.</param>
    internal static int Prefer(int preferred, IReadOnlySet<int> taken)
        => !taken.Contains(preferred) && !HasListener(preferred) ? preferred : Any(taken);

    /// <summary>A port from the kernel, which does not give the same one to the next process at once.</summary>
    /// <param name="taken">Ports that are somebody's although nobody listens on them yet.</param>
    internal static int Any(IReadOnlySet<int> taken)
    {
        while (true)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
            if (!taken.Contains(port))
            {
                return port;
            }
        }
    }

    private static bool HasListener(int port)
        => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(endpoint => endpoint.Port == port);
}
