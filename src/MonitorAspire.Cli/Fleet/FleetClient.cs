using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Cli.Fleet;

/// <summary>Uses the supervisor's REST API. With its token, which is in the state directory, the answers say why a daemon failed.</summary>
internal sealed class FleetClient : IDisposable
{
    private static readonly Uri Reload = new("/api/reload", UriKind.Relative);

    private readonly HttpClient _http;
    private readonly string _tokenFile;
    private string _lastEventId = "0";

    internal FleetClient(string address, string stateDirectory)
    {
        var uri = new Uri(address);
        _tokenFile = new SupervisorFiles(stateDirectory, uri.Port).Token;

        // No proxy: the supervisor is on this machine. No time limit: a stream of events has no end.
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })
        {
            BaseAddress = uri,
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>The daemons, in the order of the configuration.</summary>
    internal async Task<IReadOnlyList<DaemonSnapshot>> DaemonsAsync(CancellationToken cancellationToken)
    {
        UseToken();
        return await _http.GetFromJsonAsync("/api/daemons", SupervisionJson.Default.IReadOnlyListDaemonSnapshot, cancellationToken).ConfigureAwait(false) ?? [];
    }

    /// <summary>Asks for an action on a daemon (<c>start</c>, <c>stop</c>, <c>restart</c>), waits for its end, and returns the report.</summary>
    /// <exception cref="IOException">The supervisor refuses, or does not answer.</exception>
    internal async Task<TReport> ActAsync<TReport>(string daemon, string action, JsonTypeInfo<TReport> type, CancellationToken cancellationToken)
    {
        UseToken();
        try
        {
            using var content = new StringContent($$"""{"reason":"monitor {{action}}"}""", Encoding.UTF8, "application/json");
            using var response = await _http.PostAsync(new Uri($"/api/daemons/{Uri.EscapeDataString(daemon)}/{action}", UriKind.Relative), content, cancellationToken).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                return await response.Content.ReadFromJsonAsync(type, cancellationToken).ConfigureAwait(false) ?? throw new JsonException("it is empty");
            }

            var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
            throw new IOException($"the supervisor at {_http.BaseAddress} refuses to {action} {daemon}: {Problem(text) ?? $"status {(int)response.StatusCode}"}");
        }
        catch (Exception e) when (e is HttpRequestException or JsonException)
        {
            throw new IOException($"the supervisor at {_http.BaseAddress} gives no usable answer to {action} {daemon}: {e.Message}", e);
        }
    }

    /// <summary>Has the supervisor read its configuration now.</summary>
    /// <exception cref="UsageException">The configuration is wrong.</exception>
    /// <exception cref="IOException">The supervisor does not answer.</exception>
    internal async Task<FleetReloadReport> ReloadAsync(CancellationToken cancellationToken)
    {
        UseToken();
        try
        {
            using var response = await _http.PostAsync(Reload, content: null, cancellationToken).ConfigureAwait(false);
            return response.StatusCode == HttpStatusCode.Conflict
                ? throw new UsageException($"the supervisor at {_http.BaseAddress}: {Problem(await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false))}")
                : await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync(SupervisionJson.Default.FleetReloadReport, cancellationToken).ConfigureAwait(false) ?? throw new JsonException("it is empty");
        }
        catch (Exception e) when (e is HttpRequestException or JsonException)
        {
            throw new IOException($"the supervisor at {_http.BaseAddress} gives no usable answer to reload: {e.Message}", e);
        }
    }

    /// <summary>What the last reading of a changed configuration did; <see langword="null"/> where the supervisor does not say.</summary>
    internal async Task<FleetReloadReport?> LastReloadAsync(CancellationToken cancellationToken)
    {
        UseToken();
        return await _http.GetFromJsonAsync(Reload, SupervisionJson.Default.FleetReloadReport, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The events that were not seen yet, until the supervisor ends the stream. The first call gives all that are kept.</summary>
    /// <exception cref="IOException">The supervisor was killed.</exception>
    internal async IAsyncEnumerable<FleetEvent> EventsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/events");
        request.Headers.Add("Last-Event-ID", _lastEventId);
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        var stream = await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var parser = SseParser.Create(stream, static (_, data) => JsonSerializer.Deserialize(data, SupervisionJson.Default.FleetEvent)!);
            await foreach (var item in parser.EnumerateAsync(cancellationToken).ConfigureAwait(false))
            {
                _lastEventId = item.EventId ?? _lastEventId;
                yield return item.Data;
            }
        }
    }

    public void Dispose() => _http.Dispose();

    // A supervisor that was started again may have another token.
    private void UseToken() => _http.DefaultRequestHeaders.Authorization = Token() is { Length: > 0 } token ? new AuthenticationHeaderValue("Bearer", token) : null;

    private static string? Problem(string text)
    {
        try
        {
            using var problem = JsonDocument.Parse(text);
            return problem.RootElement.TryGetProperty("detail", out var detail) || problem.RootElement.TryGetProperty("title", out detail) ? detail.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private string? Token()
    {
        try
        {
            return File.ReadAllText(_tokenFile).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
