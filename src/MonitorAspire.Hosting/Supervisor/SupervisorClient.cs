using System.Globalization;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Supervision.Launcher;
using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Hosting.Supervisor;

/// <summary>Talks to the supervisor of this run. Each request proves that it comes from this application, and each answer must prove that it
/// comes from its supervisor: another program may listen on the port.</summary>
internal sealed class SupervisorClient : IDisposable
{
    /// <summary>A supervisor that is stopped (SIGSTOP) accepts connections and does not answer.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly SupervisorAddress _address;
    private readonly HttpClient _http;

    public SupervisorClient(SupervisorAddress address)
    {
        _address = address;

        // No proxy: the supervisor is on this machine, and HTTP_PROXY is not for that.
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, ConnectTimeout = ConnectTimeout })
        {
            DefaultRequestHeaders = { Accept = { new("text/markdown"), new("application/json", 0.5) } },
        };
    }

    /// <summary>Connects as the launcher of the daemons.</summary>
    /// <exception cref="WebSocketException">The supervisor is not there.</exception>
    /// <exception cref="ForeignSupervisorException">Another program answers on its port.</exception>
    /// <exception cref="OperationCanceledException">It does not answer.</exception>
    internal async Task<WebSocket> ConnectAsync(CancellationToken cancellationToken)
    {
        var uri = new UriBuilder(Uri(LauncherConnection.Path)) { Scheme = "ws" }.Uri;
        var (challenge, proof) = NewProof(HttpMethod.Get, uri);
        var socket = new ClientWebSocket();
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(ConnectTimeout);
            socket.Options.Proxy = null;
            socket.Options.CollectHttpResponseDetails = true;
            socket.Options.KeepAliveInterval = LauncherConnection.KeepAliveInterval;
            socket.Options.KeepAliveTimeout = LauncherConnection.KeepAliveTimeout;
            socket.Options.SetRequestHeader(LauncherProof.ChallengeHeader, challenge);
            socket.Options.SetRequestHeader("Authorization", $"{LauncherProof.Scheme} {proof.OfLauncher}");
            try
            {
                await socket.ConnectAsync(uri, limit.Token).ConfigureAwait(false);
            }
            catch (WebSocketException) when (socket.HttpStatusCode != 0)
            {
                // An answer all the same. It is judged by its proof.
                RefuseForeign(socket.HttpResponseHeaders?.GetValueOrDefault(LauncherProof.AnswerHeader), proof);
                throw;
            }

            RefuseForeign(socket.HttpResponseHeaders?.GetValueOrDefault(LauncherProof.AnswerHeader), proof);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Asks the supervisor for its own health.</summary>
    /// <exception cref="HttpRequestException">It is not there, or not healthy.</exception>
    /// <exception cref="ForeignSupervisorException">Another program answers on its port.</exception>
    internal Task CheckAsync(CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, "/health", cancellationToken);

    /// <summary>Resets the failures of a daemon and starts it at once.</summary>
    internal Task ResetAsync(string daemon, CancellationToken cancellationToken) => SendAsync(HttpMethod.Post, PathOf(daemon, "reset"), cancellationToken);

    /// <summary>Stops a daemon, or the retries of one that does not run.</summary>
    internal Task StopAsync(string daemon, CancellationToken cancellationToken) => SendAsync(HttpMethod.Post, PathOf(daemon, "stop"), cancellationToken);

    internal Task<string> DiagnoseAsync(string daemon, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, PathOf(daemon, "diagnosis"), cancellationToken);

    public void Dispose() => _http.Dispose();

    private static string PathOf(string daemon, string what) => $"/api/daemons/{System.Uri.EscapeDataString(daemon)}/{what}";

    private async Task<string> SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, Uri(path));
        var (challenge, proof) = NewProof(method, request.RequestUri!);
        request.Headers.Add(LauncherProof.ChallengeHeader, challenge);
        request.Headers.Authorization = new AuthenticationHeaderValue(LauncherProof.Scheme, proof.OfLauncher);
        using var response = await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        RefuseForeign(response.Headers.TryGetValues(LauncherProof.AnswerHeader, out var answer) ? answer : null, proof);
        var body = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            return body;
        }

        var detail = response.Content.Headers.ContentType?.MediaType == "application/problem+json" ? (string?)JsonNode.Parse(body)?["detail"] : null;
        throw new HttpRequestException($"the supervisor answers {(int)response.StatusCode}: {detail ?? body}", null, response.StatusCode);
    }

    private Uri Uri(string path) => _address.Port is { } port
        ? new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}{path}"))
        : throw new HttpRequestException("the supervisor has no port yet");

    private (string Challenge, LauncherProof Proof) NewProof(HttpMethod method, Uri uri)
    {
        var challenge = LauncherProof.NewChallenge();
        return (challenge, new LauncherProof(_address.Token, challenge, method.Method, System.Uri.UnescapeDataString(uri.AbsolutePath)));
    }

    private void RefuseForeign(IEnumerable<string>? answer, LauncherProof proof)
    {
        if (answer?.FirstOrDefault() is not { } shown || !LauncherProof.Equal(shown, proof.OfSupervisor))
        {
            throw new ForeignSupervisorException(
                $"port {_address.Port} on 127.0.0.1 is answered by {BindErrors.DescribeOwners(_address.Port!.Value)}, which is not the supervisor of this application");
        }
    }
}

/// <summary>Another program answers on the port of the supervisor.</summary>
internal sealed class ForeignSupervisorException(string message) : IOException(message);

/// <summary>Where the supervisor is on 127.0.0.1, and what this run of the application proves itself with.</summary>
/// <param name="Endpoint">The supervisor's endpoint. Aspire selects its port, unless it has one.</param>
/// <param name="StateDirectory">The state directory of the daemons.</param>
/// <param name="LaunchId">A part of each instance id. It marks the processes that this run launches.</param>
/// <param name="Token">The token of this run. It is given to the supervisor in its environment.</param>
internal sealed record SupervisorAddress(EndpointAnnotation Endpoint, string StateDirectory, string LaunchId, string Token)
{
    /// <summary>The port; <see langword="null"/> until Aspire has selected one.</summary>
    internal int? Port => Endpoint.Port ?? Endpoint.AllocatedEndpoint?.Port;
}
