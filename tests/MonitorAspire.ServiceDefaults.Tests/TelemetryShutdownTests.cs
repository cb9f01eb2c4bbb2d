using MonitorAspire.Testing;

namespace MonitorAspire.ServiceDefaults.Tests;

public class TelemetryShutdownTests
{
    [Fact]
    public async Task SendAndDispose_DisposeHangs_Returns()
    {
        using var never = new ManualResetEventSlim();

        await new App(never.Wait).SendAndDisposeAsync().WaitAsync(Wait.Generous);

        never.Set();
    }

    [Fact]
    public async Task SendAndDispose_DisposeEnds_HasDisposed()
    {
        var disposed = false;

        await new App(() => disposed = true).SendAndDisposeAsync();

        Assert.True(disposed);
    }

    [Fact]
    public async Task SendAndDispose_DisposeFails_ThrowsItsException()
        => await Assert.ThrowsAsync<InvalidOperationException>(() => new App(static () => throw new InvalidOperationException()).SendAndDisposeAsync());

    private sealed class App(Action dispose) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            dispose();
            return ValueTask.CompletedTask;
        }
    }
}
