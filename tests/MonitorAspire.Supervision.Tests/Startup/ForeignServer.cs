using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MonitorAspire.Supervision.Tests.Startup;

/// <summary>A server in this test process that answers every request with 200.</summary>
internal sealed class ForeignServer : IDisposable
{
    private readonly List<TcpListener> _listeners = [];

    internal ForeignServer(int port, params IPAddress[] addresses)
    {
        foreach (var address in addresses)
        {
            var listener = new TcpListener(address, port);
            listener.Start();
            _listeners.Add(listener);
            _ = ServeAsync(listener);
        }
    }

    public void Dispose() => _listeners.ForEach(l => l.Dispose());

    private static async Task ServeAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                _ = await client.GetStream().ReadAsync(new byte[4096]);
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"));
            }
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            // The server is closed.
        }
    }
}
