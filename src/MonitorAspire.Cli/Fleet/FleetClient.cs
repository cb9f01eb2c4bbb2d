using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Cli.Fleet;

/// <summary>Reads the supervisor's REST API. With its token, which is in the state directory, the answers say why a daemon failed.</summary>
internal sealed class FleetClient : IDisposable
{
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
        // A supervisor that was started again may have another token.
        _http.DefaultRequestHeaders.Authorization = Token() is { Length: > 0 } token ? new AuthenticationHeaderValue("Bearer", token) : null;
        return await _http.GetFromJsonAsync("/api/daemons", SupervisionJson.Default.IReadOnlyListDaemonSnapshot, cancellationToken).ConfigureAwait(false) ?? [];
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
