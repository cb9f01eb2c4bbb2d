using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MonitorAspire.Supervision.Probes;

/// <summary>Makes health requests. Each request uses a new connection, without proxy, redirects and cookies.</summary>
internal sealed class HealthProbe(TimeProvider? timeProvider = null)
{
    private const int ContestedTries = 4;

    private readonly TimeProvider _time = timeProvider ?? TimeProvider.System;

    /// <summary>Makes one request. Everything that is wrong with the daemon is in the result.</summary>
    public async Task<HealthResult> ProbeAsync(HealthRequest request, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(request.Host);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Timeout, TimeSpan.Zero); // an infinite timeout is not allowed
        cancellationToken.ThrowIfCancellationRequested();

        var started = _time.GetTimestamp();
        using var timeUp = new CancellationTokenSource(request.Timeout, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeUp.Token, cancellationToken);
        var result = await ProbeAsync(request, started, linked.Token).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return result with { Latency = _time.GetElapsedTime(started) };
    }

    private async Task<HealthResult> ProbeAsync(HealthRequest request, long started, CancellationToken token)
    {
        var (host, port, path, timeout) = (request.Host, request.Port, request.Path, request.Timeout);
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
            return new HealthResult { Outcome = HealthOutcome.TimedOut, Detail = $"looking up the host name {host} took longer than {InSeconds(timeout)}" };
        }

        var targets = HostAddresses.ProbeTargets(addresses);
        HealthResult? result = null;
        for (var i = 0; i < targets.Count; i++)
        {
            // An address that does not answer must not use up the time of the next one. After connecting, a request has all the time that is left.
            var connectLimit = Max((timeout - _time.GetElapsedTime(started)) / (targets.Count - i), TimeSpan.Zero);
            var target = new IPEndPoint(targets[i], port);
            if (!TryMakeUri(host, target, path, out var uri))
            {
                return new HealthResult { Outcome = HealthOutcome.Unreachable, Detail = $"host {host} and path {path} do not make a URL" };
            }

            var next = request.IsContested
                ? await AskUntilOwnAsync(request, target, uri, connectLimit / ContestedTries, token).ConfigureAwait(false)
                : await new HealthExchange(request, target, uri, _time, connectLimit).RunAsync(token).ConfigureAwait(false);
            result = result is null || next.Connected
                ? next
                : next with { Detail = $"{result.Detail}; {next.Detail}" };
            if ((next.Connected && (!request.IsContested || IsOwn(request, next))) || token.IsCancellationRequested)
            {
                break;
            }
        }

        result ??= new HealthResult { Outcome = HealthOutcome.Unreachable, Detail = $"the host name {host} has no address" };
        return result.Outcome == HealthOutcome.TimedOut
            ? result with { Detail = $"{result.Detail} within {InSeconds(timeout)}" }
            : result;
    }

    // With SO_REUSEPORT the kernel gives each connection to one of the listeners. One that never accepts must not use up the time.
    private async Task<HealthResult> AskUntilOwnAsync(HealthRequest request, IPEndPoint target, Uri uri, TimeSpan limit, CancellationToken token)
    {
        for (var tries = 1; ; tries++)
        {
            using var timeUp = new CancellationTokenSource(limit, _time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeUp.Token, token);
            var result = await new HealthExchange(request, target, uri, _time, limit).RunAsync(linked.Token).ConfigureAwait(false);
            if (tries == ContestedTries || IsOwn(request, result) || token.IsCancellationRequested)
            {
                return result;
            }
        }
    }

    private static bool IsOwn(HealthRequest request, HealthResult result) => result.ServedBy.Any(request.IsExpectedPid);

    // The name stays in the Host header, but we choose the address. A wildcard is replaced by the address.
    private static bool TryMakeUri(string host, IPEndPoint target, string path, out Uri uri)
    {
        var bare = host.StartsWith('[') && host.EndsWith(']') ? host[1..^1] : host;
        var authority = bare is "*" or "+" || IPAddress.TryParse(bare, out _) ? target.ToString() : $"{bare}:{target.Port.ToString(CultureInfo.InvariantCulture)}";
        var made = Uri.TryCreate($"http://{authority}{(path.StartsWith('/') ? "" : "/")}{path}", UriKind.Absolute, out var created)
            && created.UserInfo.Length == 0
            && created.Port == target.Port;
        uri = created!;
        return made;
    }

    private static string InSeconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
