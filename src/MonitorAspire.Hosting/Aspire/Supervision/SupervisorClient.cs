using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Hosting.Supervision;

/// <summary>Speaks with the supervisor.</summary>
internal sealed class SupervisorClient : IDisposable
{
    private readonly SupervisorAddress _address;
    private readonly HttpClient _http;

    public SupervisorClient(SupervisorAddress address)
    {
        _address = address;

        // No proxy: what is asked is on this machine, whatever HTTP_PROXY says. And no limit: a restart takes as long as it takes.
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(5) })
        {
            BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{address.Port}")),
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>All daemons as they are now.</summary>
    internal async Task<IReadOnlyList<DaemonSnapshot>> GetDaemonsAsync(CancellationToken cancellationToken)
        => JsonSerializer.Deserialize(
            await SendAsync(HttpMethod.Get, "/api/launcher/daemons", content: null, cancellationToken).ConfigureAwait(false),
            SupervisionJson.Default.IReadOnlyListDaemonSnapshot) ?? [];

    /// <summary>What happens to the daemons, from now on; ends with the supervisor.</summary>
    internal IAsyncEnumerable<FleetEvent> WatchEventsAsync(CancellationToken cancellationToken)
        => StreamAsync("/api/events", SupervisionJson.Default.FleetEvent, cancellationToken);

    /// <summary>What the supervisor wants launched and stopped; ends with the supervisor, or when another reader takes over.</summary>
    internal IAsyncEnumerable<LauncherRequest> WatchRequestsAsync(CancellationToken cancellationToken)
        => StreamAsync("/api/launcher/requests", SupervisionJson.Default.LauncherRequest, cancellationToken);

    /// <summary>Answers a request.</summary>
    internal Task AnswerAsync(long id, LauncherAnswer answer, CancellationToken cancellationToken)
        => SendAsync(HttpMethod.Post, $"/api/launcher/requests/{id.ToString(CultureInfo.InvariantCulture)}", JsonContent.Create(answer, SupervisionJson.Default.LauncherAnswer), cancellationToken);

    /// <summary>Says what became of a process.</summary>
    internal Task ReportAsync(string daemon, LauncherReport report, CancellationToken cancellationToken)
        => SendAsync(HttpMethod.Put, $"/api/launcher/daemons/{Uri.EscapeDataString(daemon)}", JsonContent.Create(report, SupervisionJson.Default.LauncherReport), cancellationToken);

    /// <summary>Forgets the failures of a daemon and tries at once.</summary>
    internal Task ResetAsync(string daemon, CancellationToken cancellationToken)
        => SendAsync(HttpMethod.Post, $"/api/daemons/{Uri.EscapeDataString(daemon)}/reset", content: null, cancellationToken);

    /// <summary>The diagnosis of a daemon, as Markdown.</summary>
    internal Task<string> DiagnoseAsync(string daemon, CancellationToken cancellationToken)
        => SendAsync(HttpMethod.Get, $"/api/daemons/{Uri.EscapeDataString(daemon)}/diagnosis", content: null, cancellationToken);

    public void Dispose() => _http.Dispose();

    private async IAsyncEnumerable<T> StreamAsync<T>(string path, JsonTypeInfo<T> type, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, path);
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await foreach (var item in SseParser.Create(body, (_, data) => JsonSerializer.Deserialize(data, type)).EnumerateAsync(cancellationToken).ConfigureAwait(false))
        {
            if (item.Data is { } data)
            {
                yield return data;
            }
        }
    }

    private async Task<string> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var request = Request(method, path);
        request.Content = content;
        using var response = await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        var body = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        return response.IsSuccessStatusCode ? body : throw new HttpRequestException($"the supervisor says {(int)response.StatusCode}: {Explain(body)}", null, response.StatusCode);
    }

    // Read each time: a supervisor that finds its token unsafe makes a new one.
    private HttpRequestMessage Request(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Accept.ParseAdd("text/markdown, text/event-stream, application/json;q=0.5");
        if (File.Exists(_address.TokenFile))
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", File.ReadAllText(_address.TokenFile).Trim());
        }

        return request;
    }

    private static string Explain(string problem)
    {
        try
        {
            using var document = JsonDocument.Parse(problem);
            return document.RootElement.GetProperty("detail").GetString() ?? problem;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return problem;
        }
    }
}
