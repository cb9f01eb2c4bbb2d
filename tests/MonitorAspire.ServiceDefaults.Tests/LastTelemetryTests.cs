using MonitorAspire.Testing;

namespace MonitorAspire.ServiceDefaults.Tests;

public class LastTelemetryTests
{
    [Fact]
    public async Task SendAndDispose_NobodyTakesIt_EndsNevertheless() => await new App(static () => Thread.Sleep(Timeout.Infinite)).SendAndDisposeAsync().WaitAsync(Wait.Generous);

    [Fact]
    public async Task SendAndDispose_Taken_EndsWithIt()
    {
        var disposed = false;

        await new App(() => disposed = true).SendAndDisposeAsync();

        Assert.True(disposed);
    }

    [Fact]
    public async Task SendAndDispose_Fails_IsNotHidden()
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
