using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Probes.Linux;

namespace MonitorAspire.Supervision.Probes;

/// <summary>One connection of a health check to one address, and the processes at its other end.</summary>
internal sealed class ProbeConnection(HealthRequest question, IPEndPoint target, TimeProvider time, TimeSpan? connectLimit)
{
    private static readonly TimeSpan ExplanationLimit = TimeSpan.FromSeconds(2);
    private readonly long _started = time.GetTimestamp();
    private IPEndPoint? _ourEnd;

    internal IPEndPoint Target => target;

    /// <summary>Time since the connection was begun.</summary>
    internal TimeSpan Elapsed => time.GetElapsedTime(_started);

    /// <summary>When the connection was there; <see langword="null"/> while it is not.</summary>
    internal TimeSpan? ConnectedAfter { get; private set; }

    /// <summary>The processes at the other end that were seen.</summary>
    internal IReadOnlyList<int> Servers { get; private set; } = [];

    /// <summary>TLS options that accept every certificate, also a self-signed one.</summary>
    internal static SslClientAuthenticationOptions AnyCertificate(string? host) => new()
    {
        TargetHost = host,
#pragma warning disable CA5359 // The owner of the socket proves who answers.
        RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
    };

    internal async ValueTask<Stream> ConnectAsync(CancellationToken token)
    {
        // What cannot be connected to at once is tried in the usual way, which also tells why not.
        if (OperatingSystem.IsLinux() && TcpConnection.TryConnect(target, QuickStream.LimitMilliseconds) is { } quick)
        {
            if (IsConnected(quick.OurEnd))
            {
                return new QuickStream(quick);
            }

            quick.Dispose();
        }

        using var limit = connectLimit is { } own ? new CancellationTokenSource(own, time) : null;
        using var linked = limit is null ? null : CancellationTokenSource.CreateLinkedTokenSource(limit.Token, token);
        var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(target, linked?.Token ?? token).ConfigureAwait(false);
            return IsConnected((IPEndPoint)socket.LocalEndPoint!) ? new NetworkStream(socket, ownsSocket: true)
                : throw new SocketException((int)SocketError.ConnectionRefused);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // Where no process listens on an ephemeral port, the kernel may give the same port to the connecting socket. TCP then connects the socket
    // to itself.
    private bool IsConnected(IPEndPoint ourEnd)
    {
        _ourEnd = ourEnd;
        if (target.Equals(ourEnd))
        {
            return false;
        }

        ConnectedAfter = Elapsed;
        FindServers(); // some servers close the connection right after the answer
        return true;
    }

    /// <summary>Whether the server answers a TLS handshake on another connection.</summary>
    internal async Task<bool> SpeaksTlsAsync(CancellationToken token)
    {
        // A server of another protocol may wait for the rest of what it takes for a line.
        using var limit = new CancellationTokenSource(ExplanationLimit, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, token);
        try
        {
            using var tls = new SslStream(await new ProbeConnection(question, target, time, connectLimit).ConnectAsync(linked.Token).ConfigureAwait(false));
            await tls.AuthenticateAsClientAsync(AnyCertificate(question.Host), linked.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException or OperationCanceledException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>
    /// The first bytes that the server sends on another connection, before or after one line that most protocols of text answer. Redis closes
    /// a connection with a request over HTTP so that its answer is lost.
    /// </summary>
    internal async Task<byte[]> GreetAsync(CancellationToken token)
    {
        using var limit = new CancellationTokenSource(ExplanationLimit, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, token);
        try
        {
            using var stream = await new ProbeConnection(question, target, time, connectLimit).ConnectAsync(linked.Token).ConfigureAwait(false);
            await stream.WriteAsync("PING\r\n"u8.ToArray(), linked.Token).ConfigureAwait(false);
            var bytes = new byte[64];
            return bytes[..await stream.ReadAsync(bytes, linked.Token).ConfigureAwait(false)];
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            return [];
        }
    }

    /// <summary>Looks for the processes at the other end, if they are not known yet.</summary>
    internal void FindServers()
    {
        if (question.LikelyPids is { } likely && Servers.Count == 0 && _ourEnd is not null)
        {
            Servers = ListenerProbe.Current.FindServers(_ourEnd, target, likely);
        }
    }

    /// <summary>Whether the process has not taken the connection yet. The kernel completes a connection before that.</summary>
    internal bool WaitsForTheProcess() => ListenerProbe.Current.WaitsForTheProcess(_ourEnd!, target);

    /// <summary>The process at the other end that is no member of the instance, or <see langword="null"/>.</summary>
    internal string? ForeignServer() => Servers.Count == 0 || Servers.Any(question.IsExpectedPid)
        ? null
        : $"the connection was served by PID {string.Join(", ", Servers)}, which does not belong to this instance";

    internal HealthResult Result(HealthOutcome outcome, string detail) => new()
    {
        Outcome = outcome,
        Detail = detail,
        Connected = ConnectedAfter is not null,
        ServedBy = Servers,
    };

    /// <summary>The result when the time was up.</summary>
    internal HealthResult TimedOut(string what, string missing, TimeSpan? answered = null)
    {
        var limit = HealthText.Of(question.Timeout);
        return Result(HealthOutcome.TimedOut, ConnectedAfter is not { } connected
            ? $"{what}: {target} did not accept the connection within {limit}"
            : $"{what}: {missing} within {limit}; connected after {HealthText.Of(connected)}{(answered is { } at ? $", first answer after {HealthText.Of(at)}" : "")}");
    }

    internal static string Innermost(Exception exception) => exception.InnerException is { } inner ? Innermost(inner) : exception.Message;
}
