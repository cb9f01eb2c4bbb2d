using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Threading.Channels;
using MonitorAspire.Supervision.Launcher;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Launcher;

/// <summary>A launcher of attached daemons that does what the test says.</summary>
internal sealed class TestLauncher : IAsyncDisposable
{
    private readonly ClientWebSocket _socket;
    private readonly LauncherConnection _connection;
    private readonly Channel<LauncherMessage> _received = Channel.CreateUnbounded<LauncherMessage>();

    private TestLauncher(ClientWebSocket socket)
    {
        _socket = socket;
        _connection = new LauncherConnection(socket);
        Ended = _connection.RunAsync(message => _received.Writer.WriteAsync(message).AsTask(), CancellationToken.None);
    }

    /// <summary>Why the connection ended.</summary>
    public Task<string> Ended { get; }

    public static async Task<TestLauncher> ConnectAsync(RunningSupervisor supervisor) => new(await OpenAsync(supervisor));

    /// <summary>Opens the WebSocket only.</summary>
    public static async Task<ClientWebSocket> OpenAsync(RunningSupervisor supervisor, string? token = null)
    {
        var socket = new ClientWebSocket();
        using var limit = new CancellationTokenSource(Wait.Generous);
        socket.Options.SetRequestHeader("Authorization", $"Bearer {token ?? supervisor.Token}");
        await socket.ConnectAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"ws://127.0.0.1:{supervisor.Port}{LauncherConnection.Path}")), limit.Token);
        return socket;
    }

    public void Send(LauncherMessage message) => _connection.Send(message);

    /// <summary>Sends a text as it is.</summary>
    public static Task SendAsync(ClientWebSocket socket, string text)
        => socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    /// <summary>The next message of a type; others are skipped.</summary>
    public async Task<T> NextAsync<T>()
        where T : LauncherMessage
    {
        using var limit = new CancellationTokenSource(Wait.Generous);
        while (true)
        {
            if (await _received.Reader.ReadAsync(limit.Token) is T message)
            {
                return message;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _connection.Close("the test is over");
        await Task.WhenAny(Ended);
        _socket.Dispose();
    }
}
