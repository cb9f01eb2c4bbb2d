using System.Globalization;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using MonitorAspire.Supervision.Launcher;

namespace MonitorAspire.Hosting.Supervisor;

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
            BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{address.Port}")),
            DefaultRequestHeaders = { Accept = { new("text/markdown"), new("application/json", 0.5) } },
        };
    }

    /// <summary>Connects as the launcher of the daemons.</summary>
    /// <exception cref="WebSocketException">The supervisor is not there, or refuses.</exception>
    /// <exception cref="OperationCanceledException">It does not answer.</exception>
    internal async Task<WebSocket> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(ConnectTimeout);
            socket.Options.Proxy = null;
            socket.Options.KeepAliveInterval = LauncherConnection.KeepAliveInterval;
            socket.Options.KeepAliveTimeout = LauncherConnection.KeepAliveTimeout;
            socket.Options.SetRequestHeader("Authorization", $"Bearer {ReadToken()}");
            await socket.ConnectAsync(new UriBuilder(_http.BaseAddress!) { Scheme = "ws", Path = LauncherConnection.Path }.Uri, limit.Token).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Resets the failures of a daemon and starts it at once.</summary>
    internal Task ResetAsync(string daemon, CancellationToken cancellationToken) => SendAsync(HttpMethod.Post, daemon, "reset", cancellationToken);

    /// <summary>Stops a daemon, or the retries of one that does not run.</summary>
    internal Task StopAsync(string daemon, CancellationToken cancellationToken) => SendAsync(HttpMethod.Post, daemon, "stop", cancellationToken);

    internal Task<string> DiagnoseAsync(string daemon, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, daemon, "diagnosis", cancellationToken);

    public void Dispose() => _http.Dispose();

    private async Task<string> SendAsync(HttpMethod method, string daemon, string what, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, $"/api/daemons/{Uri.EscapeDataString(daemon)}/{what}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ReadToken());
        using var response = await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        var body = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            return body;
        }

        var detail = response.Content.Headers.ContentType?.MediaType == "application/problem+json" ? (string?)JsonNode.Parse(body)?["detail"] : null;
        throw new HttpRequestException($"the supervisor answers {(int)response.StatusCode}: {detail ?? body}", null, response.StatusCode);
    }

    // Read each time, because a new supervisor may have made a new token.
    private string ReadToken() => File.Exists(_address.TokenFile) ? File.ReadAllText(_address.TokenFile).Trim() : "";
}

/// <summary>Where the supervisor is on 127.0.0.1. Its token is in the state directory. The launch id, which is part of each instance id, marks
/// the processes that this run of the application launches.</summary>
internal sealed record SupervisorAddress(int Port, string StateDirectory, string LaunchId)
{
    internal string TokenFile => Path.Combine(StateDirectory, "supervisor.token");
}
