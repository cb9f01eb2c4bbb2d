using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MonitorAspire.ProcessBenchmarks.Measuring;

/// <summary>
/// Blocking requests on a thread of the caller: between an answer and its time stamp is no hand-over to another thread. HTTP/1.0, so that
/// the end of the connection is the end of the answer.
/// </summary>
internal static class Http
{
    /// <summary>Makes a request and returns the body.</summary>
    /// <exception cref="HttpRequestException">The status is not 2xx.</exception>
    public static string Send(int port, string method, string path, string? token = null, string? contentType = null, string body = "")
    {
        using var stream = Open(port, method, path, token, contentType, body);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var status = reader.ReadLine() ?? "";
        while (!string.IsNullOrEmpty(reader.ReadLine()))
        {
            // A header.
        }

        var answer = reader.ReadToEnd();
        return status.Split(' ') is [_, ['2', _, _], ..] ? answer : throw new HttpRequestException($"{method} {path}: {status} {answer}");
    }

    /// <summary>Sends a request and returns the stream of the whole answer.</summary>
    public static NetworkStream Open(int port, string method, string path, string? token = null, string? contentType = null, string body = "")
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            var request = new StringBuilder($"{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n");
            _ = token is null ? request : request.Append($"Authorization: Bearer {token}\r\n");
            _ = contentType is null ? request : request.Append($"Content-Type: {contentType}\r\n");
            socket.Send(Encoding.UTF8.GetBytes(request.Append($"\r\n{body}").ToString()));
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public static bool IsListening(int port)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
