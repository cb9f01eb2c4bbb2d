using System.Collections.Concurrent;
using System.Runtime.Versioning;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>The notification sockets that this engine listens on, one for each port.</summary>
internal sealed class Notifications(TimeProvider time)
{
    private readonly ConcurrentDictionary<int, IDisposable> _sockets = new();

    [SupportedOSPlatform("linux")]
    internal NotifySocket? Find(int port) => _sockets.GetValueOrDefault(port) as NotifySocket;

    /// <summary>Makes the socket of a new instance, or of one whose socket was another process's.</summary>
    /// <exception cref="StartupFailedException">It cannot be made.</exception>
    [SupportedOSPlatform("linux")]
    internal NotifySocket Open(DaemonFiles files)
    {
        Close(files.Port);
        var socket = NotifySocket.Open(files.NotifySocket, time);
        _sockets[files.Port] = socket;
        return socket;
    }

    /// <summary>Closes the socket of a port, if there is one.</summary>
    internal void Close(int port)
    {
        if (_sockets.TryRemove(port, out var socket))
        {
            socket.Dispose();
        }
    }
}
