using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Supervision.Tests.Probes;

public sealed class FineTimeTests
{
    private static readonly TimeSpan Ample = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Timer_AgainAfterItsThreadHasEnded_EndsNotBeforeItsTime()
    {
        var time = new FineTime();
        var ended = new SemaphoreSlim(0);
        await using var timer = time.CreateTimer(_ => ended.Release(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        // The second pause is longer than the thread lives without a wait.
        foreach (var pause in (int[])[0, 1200, 10])
        {
            await Task.Delay(pause, TestContext.Current.CancellationToken);
            var started = TimeProvider.System.GetTimestamp();
            timer.Change(TimeSpan.FromMilliseconds(5), Timeout.InfiniteTimeSpan);
            Assert.True(await ended.WaitAsync(Ample, TestContext.Current.CancellationToken));
            Assert.True(TimeProvider.System.GetElapsedTime(started) >= TimeSpan.FromMilliseconds(5));
        }

        Assert.Equal(0, ended.CurrentCount);
    }

    [Fact]
    public async Task Timer_ChangedToAnEarlierTime_EndsThen()
    {
        var ended = new TaskCompletionSource();
        await using var timer = new FineTime().CreateTimer(_ => ended.TrySetResult(), null, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan);

        timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);

        await ended.Task.WaitAsync(Ample, TestContext.Current.CancellationToken);
    }
}
