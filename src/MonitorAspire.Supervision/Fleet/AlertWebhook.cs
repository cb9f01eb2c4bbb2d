using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>Where alerts are posted, and how failed posts are tried again.</summary>
public sealed record AlertWebhookOptions
{
    /// <summary>An absolute <c>http</c> or <c>https</c> address; <see langword="null"/> posts nothing until <see cref="AlertWebhook.Use"/> names one.</summary>
    public required Uri? Url { get; init; }

    /// <summary>Time limit of one post. Default 5 seconds.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a post that failed is tried again, each time after twice the delay. Default 4.</summary>
    public int Retries { get; init; } = 4;

    /// <summary>Delay before the first retry. Default 1 second.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>
/// Posts alerts as JSON, one after the other and in their order. A slow receiver never holds up the supervision. When more than 1000
/// alerts wait, the oldest are dropped, and the log says so.
/// </summary>
public sealed partial class AlertWebhook : IAsyncDisposable
{
    private const int MaximumWaiting = 1000;

    private readonly AlertWebhookOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly HttpClient _client;
    private readonly Channel<FleetAlert> _queue;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _posting;
    private volatile Uri? _url;

    /// <summary>Makes the webhook.</summary>
    /// <param name="options">The address, the limits and the retries.</param>
    /// <param name="logger">Where failed posts are reported.</param>
    /// <param name="timeProvider">The clock. Default the system's.</param>
    /// <param name="handler">Sends the requests. Default: a handler that follows no redirects.</param>
    /// <exception cref="ArgumentException">The address is not an absolute <c>http</c> or <c>https</c> address.</exception>
    public AlertWebhook(AlertWebhookOptions options, ILogger<AlertWebhook> logger, TimeProvider? timeProvider = null, HttpMessageHandler? handler = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check(options.Url, nameof(options));
        _options = options;
        _url = options.Url;
        _logger = logger;
        _time = timeProvider ?? TimeProvider.System;
        _client = new HttpClient(handler ?? new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(2) })
        {
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
        };
        _queue = Channel.CreateBounded<FleetAlert>(
            new BoundedChannelOptions(MaximumWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            dropped => LogDropped(dropped.Kind, dropped.Daemon));
        _posting = Task.Run(PostAllAsync);
    }

    /// <summary>Puts an alert into the queue; never waits.</summary>
    /// <param name="alert">The alert.</param>
    public void Enqueue(FleetAlert alert)
    {
        if (_url is not null)
        {
            _queue.Writer.TryWrite(alert);
        }
    }

    /// <summary>Posts to another address from now on, also the alerts that wait.</summary>
    /// <param name="url">An absolute <c>http</c> or <c>https</c> address; <see langword="null"/> posts nothing any more.</param>
    /// <exception cref="ArgumentException">It is not such an address.</exception>
    public void Use(Uri? url)
    {
        Check(url, nameof(url));
        _url = url;
    }

    /// <summary>Posts the alerts that wait, for at most the time limit of one post, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        _ending.CancelAfter(_options.Timeout);
        await _posting.ConfigureAwait(false);
        _client.Dispose();
        _ending.Dispose();
    }

    private async Task PostAllAsync()
    {
        await foreach (var alert in _queue.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            if (_ending.IsCancellationRequested)
            {
                return;
            }

            await PostAsync(alert).ConfigureAwait(false);
        }
    }

    private static void Check(Uri? url, string parameter)
    {
        if (url is not null && (!url.IsAbsoluteUri || url.Scheme is not ("http" or "https")))
        {
            throw new ArgumentException($"'{url}' is not an absolute http or https address", parameter);
        }
    }

    private async Task PostAsync(FleetAlert alert)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(alert, AlertJson.Default.FleetAlert);
        var delay = _options.RetryDelay;
        for (var attempt = 1; ; attempt++)
        {
            var failure = await TryPostAsync(body).ConfigureAwait(false);
            if (failure is null)
            {
                return;
            }

            if (attempt > _options.Retries || !failure.Value.Retry || _ending.IsCancellationRequested)
            {
                LogGivenUp(alert.Kind, alert.State, alert.Daemon, attempt, failure.Value.Detail);
                return;
            }

            try
            {
                await Task.Delay(delay, _time, _ending.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // The webhook ends: one last try.
            }

            delay *= 2;
        }
    }

    private async Task<(bool Retry, string Detail)?> TryPostAsync(byte[] body)
    {
        if (_url is not { } url)
        {
            // The address was removed while the alert waited.
            return null;
        }

        using var limit = new CancellationTokenSource(_options.Timeout, _time);
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = content };
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
            var status = (int)response.StatusCode;

            // A retry does not help where the receiver refuses the request itself, apart from time-outs, "too early" and "too many requests".
            return response.IsSuccessStatusCode ? null : (status >= 500 || status is 408 or 425 or 429, $"status {status}");
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            return (true, e is OperationCanceledException ? $"no answer within {_options.Timeout.TotalSeconds:0.###} s" : e.Message);
        }
    }

    [LoggerMessage(120, LogLevel.Error, "The alert {Kind} ({State}) of {Daemon} could not be posted after {Attempts} attempts: {Detail}")]
    private partial void LogGivenUp(AlertKind kind, AlertState state, string daemon, int attempts, string detail);

    [LoggerMessage(121, LogLevel.Error, "Too many alerts wait to be posted; the alert {Kind} of {Daemon} is dropped")]
    private partial void LogDropped(AlertKind kind, string daemon);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(FleetAlert))]
internal sealed partial class AlertJson : JsonSerializerContext;
