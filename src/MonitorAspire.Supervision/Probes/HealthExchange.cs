using System.Globalization;
using System.Net.Security;
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
    private bool _isInHandshake;

    private string What => $"GET {uri.PathAndQuery}{(uri.Scheme == Uri.UriSchemeHttps ? " over HTTPS" : "")}";

    /// <summary>Makes the request. Never throws; a cancelled token gives <see cref="HealthOutcome.TimedOut"/>.</summary>
    public async Task<HealthResult> RunAsync(CancellationToken token)
    {
        try
        {
            using var stream = await ConnectAsync(token).ConfigureAwait(false);

            // There is no "Connection: close": the side that closes first keeps the port in TIME_WAIT, and in the daemon that would disturb
            // its next start.
            await stream.WriteAsync(Request(), token).ConfigureAwait(false);
            using var answer = new HttpAnswer(stream);
            await answer.ReadHeadAsync(token).ConfigureAwait(false);
            _answeredAfter = connection.Elapsed;
            connection.FindServers(); // while the connection is open
            return question.Accepts(answer.Status)
                ? await OnSuccessAsync(answer, token).ConfigureAwait(false)
                : await OnOtherStatusAsync(answer, token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return connection.TimedOut(What, _answeredAfter is null ? "no answer" : "no complete answer", _answeredAfter);
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException)
        {
            return (await OnFailureAsync(e, token).ConfigureAwait(false)) with { IsOwnTrouble = DescriptorLimit.IsReachedBy(e) };
        }
    }

    private async Task<Stream> ConnectAsync(CancellationToken token)
    {
        Stream stream = new RecordingStream(await connection.ConnectAsync(token).ConfigureAwait(false), _received);
        if (uri.Scheme != Uri.UriSchemeHttps)
        {
            return stream;
        }

        _isInHandshake = true;
        var tls = new SslStream(stream);
        try
        {
            var options = ProbeConnection.AnyCertificate(uri.IdnHost);
            options.ApplicationProtocols = [SslApplicationProtocol.Http11];
            await tls.AuthenticateAsClientAsync(options, token).ConfigureAwait(false);
            _isInHandshake = false;
            return tls;
        }
        catch
        {
            await tls.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private byte[] Request()
    {
        var host = (uri.HostNameType == UriHostNameType.IPv6 ? uri.Host : uri.IdnHost) + (uri.IsDefaultPort ? "" : string.Create(CultureInfo.InvariantCulture, $":{uri.Port}"));
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["Host"] = host, ["User-Agent"] = "monitor-aspire-probe" };
        foreach (var (name, value) in question.Check.Headers)
        {
            headers[name] = value ?? "";
        }

        return Encoding.UTF8.GetBytes($"GET {uri.PathAndQuery} HTTP/1.1\r\n{string.Concat(headers.Select(h => $"{h.Key}: {h.Value}\r\n"))}\r\n");
    }

    private async Task<HealthResult> OnSuccessAsync(HttpAnswer answer, CancellationToken token)
    {
        await answer.ReadBodyAsync(BodyLimit, token).ConfigureAwait(false);
        var body = answer.Body;
        var (lines, said) = (HealthBody.Lines(body), $"{What}: {answer.Status} after {HealthText.Of(connection.Elapsed)}");
        if ((connection.ForeignServer() ?? HealthBody.Mismatch(body, body.Length < BodyLimit, question.Port, question.IsNamedPid ?? question.IsExpectedPid)) is { } mismatch)
        {
            return Answer(HealthOutcome.IdentityMismatch, $"{said}, but {mismatch}", answer, lines);
        }

        return question.Check.Text is { } text && body.IndexOf(Encoding.UTF8.GetBytes(text)) < 0
            ? Answer(HealthOutcome.Status, $"{said}, but the body does not contain the expected text{HealthText.Quoted(lines)}", answer, lines)
            : Answer(HealthOutcome.Healthy, said, answer, lines);
    }

    private async Task<HealthResult> OnOtherStatusAsync(HttpAnswer answer, CancellationToken token)
    {
        try
        {
            await answer.ReadBodyAsync(HealthBody.ExcerptBytes, token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The status is enough; the body only explains it.
        }

        var status = answer.Status;
        var lines = HealthBody.Lines(answer.Body);
        var to = answer.Location is { } location && Uri.TryCreate(uri, location, out var there) ? there : null;
        var shown = to is null ? "" : FleetTopology.Shown(to.ToString());
        var redirect = to is null ? ""
            : to.Scheme == Uri.UriSchemeHttps && uri.Scheme == Uri.UriSchemeHttp
            ? $" (redirect to {shown}, which is not followed: it is not an HTTPS port of this daemon. Let the health path answer without a redirect, or accept {status} in Health:Statuses)"
            : $" (redirect to {shown})";
        var tls = question.Explains && status == 400 && uri.Scheme == Uri.UriSchemeHttp && await connection.SpeaksTlsAsync(token).ConfigureAwait(false)
            ? $"; {KnownProtocols.Tls}"
            : "";
        return Answer(HealthOutcome.Status, $"{What}: {status} after {HealthText.Of(_answeredAfter!.Value)}{redirect}{tls}{HealthText.Quoted(lines)}", answer, lines) with { Redirect = to };
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
        if (why is null && _isInHandshake)
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

    private HealthResult Answer(HealthOutcome outcome, string detail, HttpAnswer answer, IReadOnlyList<string> lines) =>
        connection.Result(outcome, detail) with { StatusCode = answer.Status, Body = lines };
}
