using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Hosting;

public class FleetServiceTests
{
    [Fact]
    public async Task Stop_FleetThatNeverStops_EndsAtTheTimeLimit()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var asked = new TaskCompletionSource();
        using var released = new ManualResetEventSlim();
        supervisor.Fleet.Stop = () =>
        {
            asked.SetResult();

            // A look-up of a name blocks like this and cannot be cancelled.
            released.Wait();
            return Task.CompletedTask;
        };
        using var limit = new CancellationTokenSource();

        var stopped = supervisor.StopAsync(limit.Token);
        await asked.Task.WaitAsync(Wait.Generous);
        Assert.False(stopped.IsCompleted);
        await limit.CancelAsync();

        await Task.WhenAny(stopped, Task.Delay(Wait.Generous));
        Assert.True(stopped.IsCompleted);
        released.Set();
    }
}
