using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;

namespace MonitorAspire.Supervision.Launcher;

/// <summary>The connection between the supervisor and a launcher of attached daemons, as each of the two uses it.</summary>
/// <param name="socket">The WebSocket, with <see cref="KeepAliveInterval"/> and <see cref="KeepAliveTimeout"/>.</param>
internal sealed class LauncherConnection(WebSocket socket)
{
    /// <summary>Path of the WebSocket at the supervisor.</summary>
    public const string Path = "/api/launcher";

    /// <summary>Both sides ping at this interval.</summary>
    public static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(1);

    /// <summary>A process that is stopped (SIGSTOP) keeps its connections. A missing answer to a ping ends this one.</summary>
    public static readonly TimeSpan KeepAliveTimeout = TimeSpan.FromSeconds(3);

    /// <summary>The supervisor sends its daemons at this interval, whether they have changed or not.</summary>
    public static readonly TimeSpan UpdateInterval = TimeSpan.FromSeconds(1);

    /// <summary>A supervisor that has sent nothing for this time does not watch: three missing messages, as three failed probes.</summary>
    public static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(1);

    // A report has 20 log lines. Anything near this size is not a message of ours.
    private const int MaximumBytes = 4 * 1024 * 1024;

    private readonly Channel<LauncherMessage> _outgoing = Channel.CreateUnbounded<LauncherMessage>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TaskCompletionSource<string> _closing = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Sends a message after all earlier ones. Does not wait, and does nothing once the connection has ended.</summary>
    public void Send(LauncherMessage message) => _outgoing.Writer.TryWrite(message);

    /// <summary>Ends the connection. The reason is for the log of the other side.</summary>
    public void Close(string reason) => _closing.TrySetResult(reason);

    /// <summary>Sends and receives, one message after the other, until one of the sides ends the connection. Returns why it ended.</summary>
    /// <exception cref="WebSocketException">The connection broke, or the other side did not answer to pings.</exception>
    /// <exception cref="InvalidDataException">The other side sent something that is not a message.</exception>
    public async Task<string> RunAsync(Func<LauncherMessage, Task> receive, CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.Register(() => Close("it is stopping"));
        var receiving = ReceiveAllAsync(receive);
        var sending = SendAllAsync();
        var first = await Task.WhenAny(receiving, sending, _closing.Task).ConfigureAwait(false);
        _outgoing.Writer.TryComplete();
        if (first.IsCompletedSuccessfully)
        {
            await CloseAsync(sending, receiving, first == _closing.Task ? await _closing.Task.ConfigureAwait(false) : "").ConfigureAwait(false);
        }

        // Ends the one that still runs.
        socket.Abort();
        await Task.WhenAll(receiving, sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return await (first == _closing.Task ? _closing.Task : receiving).ConfigureAwait(false);
    }

    private async Task CloseAsync(Task sending, Task receiving, string reason)
    {
        try
        {
            using var limit = new CancellationTokenSource(CloseTimeout, TimeProvider.System);
            await sending.WaitAsync(limit.Token).ConfigureAwait(false);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, reason, limit.Token).ConfigureAwait(false);
            await receiving.WaitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or InvalidDataException)
        {
            // The other side is gone or does not answer. The connection ends all the same.
        }
    }

    private async Task SendAllAsync()
    {
        await foreach (var message in _outgoing.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            var content = JsonSerializer.SerializeToUtf8Bytes(message, LauncherJson.Default.LauncherMessage);
            await socket.SendAsync(content.AsMemory(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task<string> ReceiveAllAsync(Func<LauncherMessage, Task> receive)
    {
        var content = new ArrayBufferWriter<byte>();
        while (true)
        {
            var part = await socket.ReceiveAsync(content.GetMemory(4096), CancellationToken.None).ConfigureAwait(false);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return socket.CloseStatusDescription is { Length: > 0 } reason ? reason : "it closed the connection";
            }

            content.Advance(part.Count);
            if (content.WrittenCount > MaximumBytes)
            {
                throw new InvalidDataException($"a message has more than {MaximumBytes} bytes");
            }

            if (part.EndOfMessage)
            {
                var message = Parse(content.WrittenSpan);
                content.ResetWrittenCount();
                await receive(message).ConfigureAwait(false);
            }
        }
    }

    /// <exception cref="InvalidDataException">It is not a message.</exception>
    internal static LauncherMessage Parse(ReadOnlySpan<byte> content)
    {
        try
        {
            return JsonSerializer.Deserialize(content, LauncherJson.Default.LauncherMessage) is { IsValid: true } message
                ? message
                : throw new InvalidDataException("not a message: null, or a value that does not exist");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new InvalidDataException($"not a message: {e.Message}", e);
        }
    }
}
