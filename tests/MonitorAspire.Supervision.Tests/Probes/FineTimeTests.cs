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
        using var ended = new SemaphoreSlim(0);
        await using var timer = Begin(TimeSpan.FromHours(1), () => ended.Release());
        await Task.Delay(50, TestContext.Current.CancellationToken); // its thread mostly waits for the hour by then

        Assert.True(timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));

        Assert.True(await ended.WaitAsync(Ample, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Timer_EndedOrWithoutATime_DoesNotRun()
    {
        var ran = 0;
        var passed = new TaskCompletionSource();
        var started = TimeProvider.System.GetTimestamp();
        await using var never = Begin(Timeout.InfiniteTimeSpan, () => Interlocked.Increment(ref ran));
        var ended = Begin(TimeSpan.FromSeconds(1), () => Interlocked.Increment(ref ran));
        var endedLater = Begin(TimeSpan.FromSeconds(1), () => Interlocked.Increment(ref ran));
        ended.Dispose();
        await endedLater.DisposeAsync();
        Assert.SkipWhen(TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(0.9), "the machine is too busy: one of them has come before it was ended");

        await using var after = Begin(TimeSpan.FromSeconds(1.2), () => passed.TrySetResult());
        await passed.Task.WaitAsync(Ample, TestContext.Current.CancellationToken);

        Assert.Equal(0, ran);
    }

    private static ITimer Begin(TimeSpan due, Action callback) => new FineTime().CreateTimer(_ => callback(), null, due, Timeout.InfiniteTimeSpan);
}
