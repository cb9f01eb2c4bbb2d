using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MonitorAspire.Supervision.Probes;

/// <summary>Makes health requests. Each request uses a new connection, without proxy, redirects and cookies.</summary>
internal sealed class HealthProbe(TimeProvider? timeProvider = null)
{
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

            var exchange = new HealthExchange(request, target, uri, _time, connectLimit);
            var next = await exchange.RunAsync(token).ConfigureAwait(false);
            result = result is null || next.Connected
                ? next
                : next with { Detail = $"{result.Detail}; {next.Detail}" };
            if (next.Connected || token.IsCancellationRequested)
            {
                break;
            }
        }

        result ??= new HealthResult { Outcome = HealthOutcome.Unreachable, Detail = $"the host name {host} has no address" };
        return result.Outcome == HealthOutcome.TimedOut
            ? result with { Detail = $"{result.Detail} within {InSeconds(timeout)}" }
            : result;
    }

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
