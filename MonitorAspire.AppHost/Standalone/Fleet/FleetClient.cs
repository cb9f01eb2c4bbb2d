using System.Net.Http.Json;
using System.Text.Json;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.AppHost.Standalone.Fleet;

/// <summary>Asks the supervisor for its daemons.</summary>
internal sealed class FleetClient : IDisposable
{
    private readonly HttpClient _http;

    /// <summary>Makes a client for the supervisor on this machine.</summary>
    /// <param name="port">The supervisor's port.</param>
    public FleetClient(int port)
    {
        // No proxy: what is asked is on this machine, whatever HTTP_PROXY says.
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{port}"),
            Timeout = TimeSpan.FromSeconds(5),
        };
    }

    /// <summary>The daemons, or <see langword="null"/> when the supervisor gave no answer this time.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<DaemonSnapshot>?> GetAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _http.GetFromJsonAsync("/api/daemons", SupervisionJson.Default.IReadOnlyListDaemonSnapshot, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException
            || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();
}
