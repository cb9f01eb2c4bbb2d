using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace MonitorAspire.Supervisor.Web;

/// <summary>Accepts a limited number of connections at a time. The others wait in the kernel's queue and need no descriptor of this
/// process. Kestrel's own limit is not enough: it accepts a connection before it refuses it, so that a burst of connections takes the
/// descriptors that supervision needs, and without descriptors Kestrel tries to accept in a busy loop.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Connections release the semaphore after the server has disposed of this; it has no handle to free.")]
internal sealed class BoundedListenerFactory(IConnectionListenerFactory inner, int maximum, Func<bool> hasDescriptors, TimeProvider time) : IConnectionListenerFactory
{
    /// <summary>So many connections are accepted however few descriptors are left.</summary>
    internal const int Minimum = 4;

    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(10);

    private readonly SemaphoreSlim _free = new(maximum);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
        => new Listener(await inner.BindAsync(endpoint, cancellationToken), this);

    private async Task WaitForRoomAsync(CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        try
        {
            while (maximum - _free.CurrentCount > Minimum && !hasDescriptors())
            {
                await Task.Delay(RetryInterval, time, cancellationToken);
            }
        }
        catch
        {
            _free.Release();
            throw;
        }
    }

    private sealed class Listener(IConnectionListener inner, BoundedListenerFactory factory) : IConnectionListener
    {
        private readonly CancellationTokenSource _unbound = new();

        public EndPoint EndPoint => inner.EndPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _unbound.Token);
                await factory.WaitForRoomAsync(ending.Token);
            }
            catch (OperationCanceledException) when (_unbound.IsCancellationRequested)
            {
                return null;
            }

            ConnectionContext? connection = null;
            try
            {
                return connection = await inner.AcceptAsync(cancellationToken);
            }
            finally
            {
                if (connection is null)
                {
                    factory._free.Release();
                }
                else
                {
                    connection.ConnectionClosed.UnsafeRegister(static free => ((SemaphoreSlim)free!).Release(), factory._free);
                }
            }
        }

        public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            await _unbound.CancelAsync();
            await inner.UnbindAsync(cancellationToken);
        }

        public ValueTask DisposeAsync()
        {
            _unbound.Dispose();
            return inner.DisposeAsync();
        }
    }
}
