using System.Net;
using System.Net.Sockets;

namespace MonitorAspire.Supervision.Probes;

/// <summary>One health request to one address over one connection. Connecting has its own time limit; the token limits the whole exchange.</summary>
internal sealed class HealthExchange(HealthRequest question, IPEndPoint target, Uri uri, TimeProvider time, TimeSpan connectLimit)
{
    private const int BodyLimit = 64 * 1024;
    private IPEndPoint? _ourEnd;
    private bool _connected;
    private IReadOnlyList<int> _servers = [];

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
        };
        using var client = new HttpMessageInvoker(handler);
        using var request = new HttpRequestMessage(HttpMethod.Get, uri) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.TryAddWithoutValidation("User-Agent", "monitor-aspire-probe");
        try
        {
            using var response = await client.SendAsync(request, token).ConfigureAwait(false);
            FindServers(); // while the connection is open
            return response.StatusCode == HttpStatusCode.OK
                ? await OnSuccessAsync(response, token).ConfigureAwait(false)
                : await OnOtherStatusAsync(response, token).ConfigureAwait(false);
        }
        catch (Exception e) when (IsTimeUp(e))
        {
            return Result(HealthOutcome.TimedOut, _connected ? $"{target} accepted the connection but gave no complete answer" : $"{target} did not accept the connection");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            return Result(HealthOutcome.Unreachable, _connected ? $"{target} accepted the connection but closed it early: {Innermost(e)}" : $"{target}: {Innermost(e)}");
        }
    }

    private async Task<HealthResult> OnSuccessAsync(HttpResponseMessage response, CancellationToken token)
    {
        var body = new byte[BodyLimit];
        var length = await ReadAsync(response, body, token).ConfigureAwait(false);
        var mismatch = ForeignServer() ?? HealthBody.Mismatch(body.AsSpan(0, length), length < BodyLimit, target.Port, question.IsNamedPid ?? question.IsExpectedPid);
        return Result(
            mismatch is null ? HealthOutcome.Healthy : HealthOutcome.IdentityMismatch,
            mismatch is null ? $"{uri} answered 200" : $"{uri} answered 200, but {mismatch}",
            response.StatusCode,
            HealthBody.Excerpt(body.AsSpan(0, length)));
    }

    private async Task<HealthResult> OnOtherStatusAsync(HttpResponseMessage response, CancellationToken token)
    {
        var body = new byte[1024];
        var length = 0;
        try
        {
            length = await ReadAsync(response, body, token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException)
        {
            // The status is enough; the body only explains it.
        }

        var location = response.Headers.Location is { } there ? $" (redirect to {there})" : "";
        return Result(
            HealthOutcome.Status,
            $"{uri} answered {(int)response.StatusCode}{location} instead of 200",
            response.StatusCode,
            HealthBody.Excerpt(body.AsSpan(0, length)));
    }

    private static async Task<int> ReadAsync(HttpResponseMessage response, Memory<byte> body, CancellationToken token)
    {
        using var stream = await response.Content.ReadAsStreamAsync(token).ConfigureAwait(false);
        return await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, token).ConfigureAwait(false);
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken token)
    {
        using var limit = new CancellationTokenSource(connectLimit, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, token);
        var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(target, linked.Token).ConfigureAwait(false);

            // Where no process listens on an ephemeral port, the kernel may give the same port to the connecting socket. TCP then connects the
            // socket to itself.
            if (target.Equals(socket.LocalEndPoint))
            {
                throw new SocketException((int)SocketError.ConnectionRefused);
            }

            _connected = true;
            _ourEnd = (IPEndPoint)socket.LocalEndPoint!;
            FindServers(); // some servers close the connection right after the answer
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private void FindServers()
    {
        if (question.LikelyPids is { } likely && _servers.Count == 0 && _ourEnd is not null)
        {
            _servers = ListenerProbe.Current.FindServers(_ourEnd, target, likely);
        }
    }

    private string? ForeignServer() => _servers.Count == 0 || _servers.Any(question.IsExpectedPid)
        ? null
        : $"the connection was served by PID {string.Join(", ", _servers)}, which does not belong to this instance";

    private HealthResult Result(HealthOutcome outcome, string detail, HttpStatusCode? status = null, string excerpt = "") => new()
    {
        Outcome = outcome,
        Detail = detail,
        Connected = _connected,
        ServedBy = _servers,
        StatusCode = (int?)status,
        BodyExcerpt = excerpt,
    };

    // The handler reports the time limit of the connection as a failed request.
    private static bool IsTimeUp(Exception exception) =>
        exception is OperationCanceledException || (exception is HttpRequestException { InnerException: { } inner } && IsTimeUp(inner));

    private static string Innermost(Exception exception) => exception.InnerException is { } inner ? Innermost(inner) : exception.Message;
}
