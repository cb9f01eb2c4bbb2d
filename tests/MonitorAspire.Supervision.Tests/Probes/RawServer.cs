using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace MonitorAspire.Supervision.Tests.Probes;

/// <summary>A server that answers with any bytes.</summary>
public sealed class RawServer : IAsyncDisposable
{
    /// <summary>First byte of a handshake of TLS. A server without TLS closes the connection when it comes.</summary>
    public const byte HandshakeRecord = 22;

    private readonly Socket _socket;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private readonly Func<Stream, CancellationToken, Task> _answer;
    private readonly Func<NetworkStream, Task<Stream>>? _wrap;

    /// <summary>Makes a server.</summary>
    /// <param name="answer">Answers a request.</param>
    /// <param name="address">Where it listens. Default: the loopback.</param>
    /// <param name="wrap">Makes the stream of a new connection, as for TLS. Default: the connection itself.</param>
    public RawServer(Func<Stream, CancellationToken, Task> answer, IPAddress? address = null, Func<NetworkStream, Task<Stream>>? wrap = null)
    {
        (_answer, _wrap) = (answer, wrap);
        _socket = ListenerProbeTests.Listen(address ?? IPAddress.Loopback);
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    /// <summary>The heads of all requests.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    /// <summary>Completes with the first request.</summary>
    public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Connections { get; private set; }

    /// <summary>What a request ends with. Default: an empty line.</summary>
    public string End { get; init; } = "\r\n\r\n";

    /// <summary>A server that gives every request the same answer and keeps the connection open.</summary>
    public static RawServer Answering(string status, string body, string headers = "", IPAddress? address = null) =>
        new((stream, token) => stream.WriteAsync(Response(status, body, headers), token).AsTask(), address);

    public static byte[] Response(string status, string body, string headers = "") =>
        Encoding.UTF8.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n{headers}\r\n{body}");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _socket.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                var connection = await _socket.AcceptAsync(_stop.Token);
                Connections++;
                connections.Add(ServeAsync(connection));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }

        await Task.WhenAll(connections);
    }

    private async Task ServeAsync(Socket connection)
    {
        using var network = new NetworkStream(connection, ownsSocket: true);
        var head = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            await using var stream = _wrap is null ? network : await _wrap(network);
            while (await stream.ReadAsync(buffer, _stop.Token) is > 0 and var count && buffer[0] != HandshakeRecord)
            {
                head.Append(Encoding.ASCII.GetString(buffer, 0, count));
                if (head.ToString().EndsWith(End, StringComparison.Ordinal))
                {
                    Requests.Enqueue(head.ToString());
                    head.Clear();
                    Asked.TrySetResult();
                    await _answer(stream, _stop.Token);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException or AuthenticationException)
        {
        }
    }
}
