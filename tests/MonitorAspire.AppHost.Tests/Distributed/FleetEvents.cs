using System.Net.ServerSentEvents;
using System.Text.Json;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.AppHost.Tests.Distributed;

/// <summary>Reads the supervisor's event stream from the first event on. After a lost connection it continues with the next event.</summary>
public sealed class FleetEvents : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _lock = new();
    private readonly List<FleetEvent> _seen = [];
    private readonly Task _reading;

    internal FleetEvents(HttpClient http) => _reading = ReadAsync(http);

    /// <summary>All events so far.</summary>
    public IReadOnlyList<FleetEvent> Seen
    {
        get
        {
            lock (_lock)
            {
                return [.. _seen];
            }
        }
    }

    /// <summary>All events of one daemon so far.</summary>
    public IReadOnlyList<FleetEvent> Of(string daemon) => [.. Seen.Where(e => e.Daemon.Name == daemon)];

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (!_reading.IsCompleted)
        {
            await _end.CancelAsync();
            await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _end.Dispose();
        }
    }

    private async Task ReadAsync(HttpClient http)
    {
        var last = "0";
        while (!_end.IsCancellationRequested)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, "/api/events");
                request.Headers.Add("Last-Event-ID", last);
                using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _end.Token);
                await using var stream = await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(_end.Token);
                var parser = SseParser.Create(stream, static (_, data) => JsonSerializer.Deserialize(data, SupervisionJson.Default.FleetEvent)!);
                await foreach (var item in parser.EnumerateAsync(_end.Token))
                {
                    last = item.EventId ?? last;
                    lock (_lock)
                    {
                        _seen.Add(item.Data);
                    }
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                // The supervisor does not run yet, or it has ended.
                await Task.Delay(50, _end.Token);
            }
        }
    }
}
