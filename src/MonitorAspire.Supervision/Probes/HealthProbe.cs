using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MonitorAspire.Supervision.Probes;

/// <summary>
/// Makes health checks over the network: HTTP, HTTPS and TCP. Each uses a new connection, without proxy and cookies. A redirect is followed
/// only from HTTP to an HTTPS port of the same instance.
/// </summary>
internal sealed class HealthProbe(TimeProvider? timeProvider = null)
{
    private const int ContestedTries = 4;

    private readonly ProbeClock _time = new(timeProvider ?? TimeProvider.System);

    /// <summary>Makes one request. Everything that is wrong with the daemon is in the result.</summary>
    public async Task<HealthResult> ProbeAsync(HealthRequest request, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(request.Host);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Timeout, TimeSpan.Zero); // an infinite timeout is not allowed
        cancellationToken.ThrowIfCancellationRequested();

        var started = _time.GetTimestamp();
        using var timeUp = new CancellationTokenSource(request.Timeout, _time);
        using var cancelled = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), timeUp);
        var result = await ProbeAsync(request, started, timeUp.Token).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return result with { Latency = _time.GetElapsedTime(started) };
    }

    private async Task<HealthResult> ProbeAsync(HealthRequest request, long started, CancellationToken token)
    {
        var (host, limit) = (request.Host, HealthText.Of(request.Timeout));
        IReadOnlyList<IPAddress> addresses;
        try
        {
            addresses = await HostAddresses.ResolveAsync(host, token).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            return new HealthResult { Outcome = HealthOutcome.Unreachable, Detail = $"the host name {host} cannot be looked up: {e.Message}" };
        }
        catch (OperationCanceledException)
        {
            return new HealthResult { Outcome = HealthOutcome.TimedOut, Detail = $"looking up the host name {host} took longer than {limit}" };
        }

        var targets = HostAddresses.ProbeTargets(addresses);
        HealthResult? result = null;
        for (var i = 0; i < targets.Count; i++)
        {
            // An address that does not answer must not use up the time of the next one. After connecting, a request has all the time that is left.
            // The last address needs no own limit.
            var connectLimit = Max((request.Timeout - _time.GetElapsedTime(started)) / (targets.Count - i), TimeSpan.Zero);
            TimeSpan? ownLimit = i < targets.Count - 1 ? connectLimit : null;
            var target = new IPEndPoint(targets[i], request.Port);
            if (!TryMakeUri(request, target, out var uri))
            {
                return new HealthResult { Outcome = HealthOutcome.Unreachable, Detail = $"host {host} and path {request.Path} do not make a URL" };
            }

            var next = request.IsContested
                ? await AskUntilOwnAsync(request, target, uri, connectLimit / ContestedTries, token).ConfigureAwait(false)
                : await AskAsync(request, target, uri, ownLimit, token).ConfigureAwait(false);
            result = result is null || next.Connected
                ? next
                : next with { Detail = $"{result.Detail}; {next.Detail}" };
            if ((next.Connected && (!request.IsContested || IsOwn(request, next))) || token.IsCancellationRequested)
            {
                break;
            }
        }

        return result ?? new HealthResult { Outcome = HealthOutcome.Unreachable, Detail = $"the host name {host} has no address" };
    }

    private async Task<HealthResult> AskAsync(HealthRequest request, IPEndPoint target, Uri uri, TimeSpan? limit, CancellationToken token)
    {
        var connection = new ProbeConnection(request, target, _time, limit);
        if (request.Check.Kind == HealthCheckKind.Tcp)
        {
            return await new TcpExchange(connection, _time).RunAsync(token).ConfigureAwait(false);
        }

        var result = await new HealthExchange(request, connection, uri).RunAsync(token).ConfigureAwait(false);
        if (result.Redirect is not { } there || there.Scheme != Uri.UriSchemeHttps || uri.Scheme != Uri.UriSchemeHttp || !IsThisMachine(request.Host, there))
        {
            return result;
        }

        // A redirect is followed only to a port that the same instance serves, and the kernel must show that.
        var secure = new ProbeConnection(request with { LikelyPids = request.LikelyPids ?? [] }, new IPEndPoint(target.Address, there.Port), _time, limit);
        var followed = await new HealthExchange(request, secure, there).RunAsync(token).ConfigureAwait(false);
        return !IsOwn(request, followed) ? result
            : followed with { Detail = string.Create(CultureInfo.InvariantCulture, $"redirect {result.StatusCode} to port {there.Port} of the same daemon; {followed.Detail}") };
    }

    private static bool IsThisMachine(string host, Uri there) =>
        there.IsLoopback || string.Equals(there.Host, host, StringComparison.OrdinalIgnoreCase);

    // With SO_REUSEPORT the kernel gives each connection to one of the listeners. One that never accepts must not use up the time.
    private async Task<HealthResult> AskUntilOwnAsync(HealthRequest request, IPEndPoint target, Uri uri, TimeSpan limit, CancellationToken token)
    {
        for (var tries = 1; ; tries++)
        {
            using var timeUp = new CancellationTokenSource(limit, _time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeUp.Token, token);
            var result = await AskAsync(request, target, uri, limit, linked.Token).ConfigureAwait(false);
            if (tries == ContestedTries || IsOwn(request, result) || token.IsCancellationRequested)
            {
                return result;
            }
        }
    }

    private static bool IsOwn(HealthRequest request, HealthResult result) => result.ServedBy.Any(request.IsExpectedPid);

    // The name stays in the Host header, but we choose the address. A wildcard is replaced by the address.
    private static bool TryMakeUri(HealthRequest request, IPEndPoint target, out Uri uri)
    {
        var (host, path) = (request.Host, request.Path);
        var bare = host.StartsWith('[') && host.EndsWith(']') ? host[1..^1] : host;
        var authority = bare is "*" or "+" || IPAddress.TryParse(bare, out _) ? target.ToString() : $"{bare}:{target.Port.ToString(CultureInfo.InvariantCulture)}";
        var scheme = request.Check.Kind == HealthCheckKind.Https ? Uri.UriSchemeHttps : Uri.UriSchemeHttp;
        var made = Uri.TryCreate($"{scheme}://{authority}{(path.StartsWith('/') ? "" : "/")}{path}", UriKind.Absolute, out var created)
            && created.UserInfo.Length == 0
            && created.Port == target.Port;
        uri = created!;
        return made;
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
