using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MonitorAspire.FaultDaemon;

/// <summary>A small HTTP server with one answer for every request. It uses sockets directly, so that it starts fast.</summary>
internal sealed class HealthServer(Faults faults, int port) : IDisposable
{
    private readonly List<TcpListener> _listeners = [];

    internal void Start()
    {
        var host = faults.Text("host") ?? "127.0.0.1";
        foreach (var address in host == "localhost" ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : new[] { IPAddress.Parse(host) })
        {
            var listener = new TcpListener(address, port);
            listener.Start();
            _listeners.Add(listener);
            if (!faults.Has("silent"))
            {
                _ = AcceptAsync(listener);
            }
        }
    }

    public void Dispose() => _listeners.ForEach(l => l.Dispose());

    private string? CurrentAnswer() => faults.Text("mood") is { } file && File.Exists(file) ? File.ReadAllText(file) : null;

    private async Task AcceptAsync(TcpListener listener)
    {
        while (true)
        {
            try
            {
                var client = await listener.AcceptTcpClientAsync();
                _ = AnswerAsync(client);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                var request = new byte[4096];
                _ = await stream.ReadAsync(request);
                if (faults.Number("answer-delay") is { } delay)
                {
                    await Task.Delay(delay);
                }

                if (CurrentAnswer() == "hang")
                {
                    // Until the prober closes the connection.
                    _ = await stream.ReadAsync(request);
                    return;
                }

                var status = int.TryParse(CurrentAnswer(), CultureInfo.InvariantCulture, out var current) ? current : faults.Number("status") ?? 200;
                var body = faults.Text("body") ?? string.Create(
                    CultureInfo.InvariantCulture,
                    $$"""{"status":"running","pid":{{faults.Number("answer-pid") ?? Environment.ProcessId}},"port":{{faults.Number("answer-port") ?? port}}}""");
                await stream.WriteAsync(Encoding.ASCII.GetBytes(
                    $"HTTP/1.1 {status} Fault\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"));
            }
            catch (IOException)
            {
                // The prober has closed the connection.
            }
        }
    }
}
