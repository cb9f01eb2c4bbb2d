using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Probes;

/// <summary>One health request over HTTP or HTTPS to one address over one connection. Connecting has its own time limit; the token limits the whole exchange.</summary>
internal sealed class HealthExchange(HealthRequest question, ProbeConnection connection, Uri uri)
{
    private const int BodyLimit = 64 * 1024;
    private readonly List<byte> _received = [];
    private TimeSpan? _answeredAfter;

    private string What => $"GET {uri.PathAndQuery}{(uri.Scheme == Uri.UriSchemeHttps ? " over HTTPS" : "")}";

    /// <summary>Makes the request. Never throws; a cancelled token gives <see cref="HealthOutcome.TimedOut"/>.</summary>
    public async Task<HealthResult> RunAsync(CancellationToken token)
    {
        // Each exchange has its own handler, because a pool may use a connection of an earlier request. There is no "Connection: close":
        // the side that closes first keeps the port in TIME_WAIT, and in the daemon that would disturb its next start.
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            ConnectCallback = ConnectAsync,
            ConnectTimeout = Timeout.InfiniteTimeSpan,
            MaxResponseDrainSize = 0,
            SslOptions = ProbeConnection.AnyCertificate(host: null),
        };
        using var client = new HttpMessageInvoker(handler);
        using var request = new HttpRequestMessage(HttpMethod.Get, uri) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.TryAddWithoutValidation("User-Agent", "monitor-aspire-probe");
        foreach (var (name, value) in question.Check.Headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        try
        {
            using var response = await client.SendAsync(request, token).ConfigureAwait(false);
            _answeredAfter = connection.Elapsed;
            connection.FindServers(); // while the connection is open
            return question.Accepts((int)response.StatusCode)
                ? await OnSuccessAsync(response, token).ConfigureAwait(false)
                : await OnOtherStatusAsync(response, token).ConfigureAwait(false);
        }
        catch (Exception e) when (ProbeConnection.IsTimeUp(e))
        {
            return connection.TimedOut(What, _answeredAfter is null ? "no answer" : "no complete answer", _answeredAfter);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            return (await OnFailureAsync(e, token).ConfigureAwait(false)) with { IsOwnTrouble = DescriptorLimit.IsReachedBy(e) };
        }
    }

    private async Task<HealthResult> OnSuccessAsync(HttpResponseMessage response, CancellationToken token)
    {
        var body = new byte[BodyLimit];
        var length = await ReadAsync(response, body, token).ConfigureAwait(false);
        var (lines, answer) = (HealthBody.Lines(body.AsSpan(0, length)), $"{What}: {(int)response.StatusCode} after {HealthText.Of(connection.Elapsed)}");
        if ((connection.ForeignServer() ?? HealthBody.Mismatch(body.AsSpan(0, length), length < BodyLimit, question.Port, question.IsNamedPid ?? question.IsExpectedPid)) is { } mismatch)
        {
            return Answer(HealthOutcome.IdentityMismatch, $"{answer}, but {mismatch}", response, lines);
        }

        return question.Check.Text is { } text && body.AsSpan(0, length).IndexOf(Encoding.UTF8.GetBytes(text)) < 0
            ? Answer(HealthOutcome.Status, $"{answer}, but the body does not contain the expected text{HealthText.Quoted(lines)}", response, lines)
            : Answer(HealthOutcome.Healthy, answer, response, lines);
    }

    private async Task<HealthResult> OnOtherStatusAsync(HttpResponseMessage response, CancellationToken token)
    {
        var body = new byte[HealthBody.ExcerptBytes];
        var length = 0;
        try
        {
            using var stream = await response.Content.ReadAsStreamAsync(token).ConfigureAwait(false);
            int read;
            while (length < body.Length && (read = await stream.ReadAsync(body.AsMemory(length), token).ConfigureAwait(false)) > 0)
            {
                length += read;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException)
        {
            // The status is enough; the body only explains it.
        }

        var status = (int)response.StatusCode;
        var lines = HealthBody.Lines(body.AsSpan(0, length));
        var to = response.Headers.Location is { } location ? Absolute(location) : null;
        var redirect = to is null ? ""
            : to.Scheme == Uri.UriSchemeHttps && uri.Scheme == Uri.UriSchemeHttp
            ? $" (redirect to {to}, which is not followed: it is not an HTTPS port of this daemon. Let the health path answer without a redirect, or accept {status} in Health:Statuses)"
            : $" (redirect to {to})";
        var tls = question.Explains && status == 400 && uri.Scheme == Uri.UriSchemeHttp && await connection.SpeaksTlsAsync(token).ConfigureAwait(false)
            ? $"; {KnownProtocols.Tls}"
            : "";
        return Answer(HealthOutcome.Status, $"{What}: {status} after {HealthText.Of(_answeredAfter!.Value)}{redirect}{tls}{HealthText.Quoted(lines)}", response, lines) with { Redirect = to };
    }

    private async Task<HealthResult> OnFailureAsync(Exception failure, CancellationToken token)
    {
        var reason = ProbeConnection.Innermost(failure);
        if (connection.ConnectedAfter is not { } connected)
        {
            return connection.Result(HealthOutcome.Unreachable, $"{What}: {connection.Target}: {reason}");
        }

        var (first, closed) = (_received.ToArray(), connection.Elapsed);
        var why = KnownProtocols.Explain(first);
        if (why is null && uri.Scheme == Uri.UriSchemeHttps && (failure is HttpRequestException { InnerException: AuthenticationException } or HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }))
        {
            why = KnownProtocols.NoTls;
        }
        else if (why is null && uri.Scheme == Uri.UriSchemeHttp && question.Explains && !first.AsSpan().StartsWith("HTTP/"u8))
        {
            var tls = connection.SpeaksTlsAsync(token);
            why = KnownProtocols.Explain(await connection.GreetAsync(token).ConfigureAwait(false));
            why = await tls.ConfigureAwait(false) ? KnownProtocols.Tls : why ?? KnownProtocols.NotHttp;
        }

        var lines = first.Length > 0 && uri.Scheme == Uri.UriSchemeHttp ? HealthBody.Lines(first) : [];
        var received = first.Length == 0
            ? $"the connection was closed without an answer after {HealthText.Of(closed)}"
            : $"the answer is not complete or not HTTP, after {HealthText.Of(closed)}";
        return connection.Result(
            HealthOutcome.Unreachable,
            $"{What}: {received}; connected after {HealthText.Of(connected)}{(why is null ? "" : $"; {why}")}{HealthText.Quoted(lines)} ({reason})") with { Body = lines };
    }

    private static async Task<int> ReadAsync(HttpResponseMessage response, Memory<byte> body, CancellationToken token)
    {
        using var stream = await response.Content.ReadAsStreamAsync(token).ConfigureAwait(false);
        return await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, token).ConfigureAwait(false);
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken token) =>
        new RecordingStream(await connection.ConnectAsync(token).ConfigureAwait(false), _received);

    private Uri? Absolute(Uri location) => location.IsAbsoluteUri ? location : Uri.TryCreate(uri, location, out var absolute) ? absolute : null;

    private HealthResult Answer(HealthOutcome outcome, string detail, HttpResponseMessage response, IReadOnlyList<string> lines) =>
        connection.Result(outcome, detail) with { StatusCode = (int)response.StatusCode, Body = lines };
}
