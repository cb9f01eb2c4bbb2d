using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using MonitorAspire.Supervisor.Web;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Web;

public class BoundedListenerFactoryTests
{
    [Fact]
    public async Task Accept_MaximumReached_WaitsUntilAConnectionCloses()
    {
        await using var listener = await BindAsync(maximum: 2, () => true);
        using var clients = new Clients((IPEndPoint)listener.EndPoint, 3);
        await using var first = await AcceptAsync(listener);
        await using var second = await AcceptAsync(listener);

        var third = AcceptAsync(listener);
        Assert.False(third.IsCompleted);

        await first!.DisposeAsync();
        await using var accepted = await third;
        Assert.NotNull(accepted);
    }

    [Fact]
    public async Task Accept_NoDescriptorsLeft_AcceptsTheMinimumAndWaitsForMore()
    {
        var hasDescriptors = false;
        var asked = new TaskCompletionSource();
        await using var listener = await BindAsync(maximum: 100, () =>
        {
            asked.TrySetResult();
            return Volatile.Read(ref hasDescriptors);
        });
        using var clients = new Clients((IPEndPoint)listener.EndPoint, BoundedListenerFactory.Minimum + 1);
        var accepted = new List<ConnectionContext?>();
        for (var i = 0; i < BoundedListenerFactory.Minimum; i++)
        {
            accepted.Add(await AcceptAsync(listener));
        }

        var next = AcceptAsync(listener);
        await asked.Task.WaitAsync(Wait.Generous);
        Assert.False(next.IsCompleted);

        Volatile.Write(ref hasDescriptors, true);
        accepted.Add(await next);
        Assert.All(accepted, Assert.NotNull);
        foreach (var connection in accepted)
        {
            await connection!.DisposeAsync();
        }
    }

    [Fact]
    public async Task Unbind_WhileItWaits_EndsTheAccept()
    {
        await using var listener = await BindAsync(maximum: 1, () => true);
        using var clients = new Clients((IPEndPoint)listener.EndPoint, 2);
        await using var first = await AcceptAsync(listener);
        var second = AcceptAsync(listener);

        await listener.UnbindAsync();

        Assert.Null(await second);
    }

    private static ValueTask<IConnectionListener> BindAsync(int maximum, Func<bool> hasDescriptors)
    {
        var sockets = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance);
        return new BoundedListenerFactory(sockets, maximum, hasDescriptors).BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
    }

    private static Task<ConnectionContext?> AcceptAsync(IConnectionListener listener) => listener.AcceptAsync().AsTask().WaitAsync(Wait.Generous);

    private sealed class Clients : IDisposable
    {
        private readonly List<Socket> _sockets = [];

        public Clients(IPEndPoint server, int count)
        {
            for (var i = 0; i < count; i++)
            {
                _sockets.Add(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
                _sockets[^1].Connect(server);
            }
        }

        public void Dispose() => _sockets.ForEach(s => s.Dispose());
    }
}
