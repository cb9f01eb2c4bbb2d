using Microsoft.Extensions.Time.Testing;
using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Supervision.Tests.Probes;

public sealed class ProbeClockTests
{
    private static readonly TimeSpan Grid = TimeSpan.FromMilliseconds(100);

    private readonly FakeTimeProvider _time = new();
    private readonly List<(string Name, double At)> _ended = [];

    [Fact]
    public void Timer_WithAGrid_EndsAtThePointBeforeItsTimeAndKeepsItsRhythm()
    {
        var clock = new ProbeClock(_time, Grid);
        using var first = Begin(clock, "first", 0.51, period: 1);
        using var second = Begin(clock, "second", 0.59, period: 1);

        Advance(2);

        Assert.Equal([("first", 0.5), ("second", 0.5), ("first", 1.5), ("second", 1.5)], _ended);
    }

    [Fact]
    public void Timer_PeriodThatIsNoMultipleOfTheGrid_IsOnTimeInTheLongRun()
    {
        var clock = new ProbeClock(_time, Grid);
        using var timer = Begin(clock, "timer", 0.25, period: 0.25);

        Advance(10);

        Assert.Equal(40, _ended.Count);
    }

    [Fact]
    public void Timer_ShortWait_IsExact()
    {
        var clock = new ProbeClock(_time, Grid);
        using var timer = Begin(clock, "timer", 0.13);

        Advance(1);

        Assert.Equal([("timer", 0.13)], _ended);
    }

    // It is due at 0.25 s, and a wait of twice the grid ends at the point before that.
    [Fact]
    public void Timer_WaitOfTwiceTheGrid_EndsAtThePointBeforeItsTime()
    {
        var clock = new ProbeClock(_time, Grid);
        Advance(0.05);
        using var timer = Begin(clock, "timer", 0.2);

        Advance(1);

        Assert.Equal([("timer", 0.15)], _ended);
    }

    [Fact]
    public void Timer_PeriodOfZero_EndsOnce()
    {
        var clock = new ProbeClock(_time);
        using var timer = Begin(clock, "timer", 0.1, period: 0);

        Advance(1);

        Assert.Equal([("timer", 0.1)], _ended);
    }

    [Fact]
    public void Timer_LateByItsPeriod_RunsOnceForBoth()
    {
        var time = new Moments();
        var clock = new ProbeClock(time);
        var ended = 0;
        using var timer = clock.CreateTimer(_ => ended++, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

        time.Come(TimeSpan.FromSeconds(2));
        time.Come(TimeSpan.FromSeconds(2.5));

        Assert.Equal(1, ended);
    }

    [Fact]
    public async Task Timer_WithoutAGrid_IsExactAndChangedOrEndedInTime()
    {
        var clock = new ProbeClock(_time);
        using var timer = Begin(clock, "timer", 0.51);
        using var changed = Begin(clock, "changed", 0.2);
        using var stopped = Begin(clock, "stopped", 0.2);
        var ended = Begin(clock, "ended", 0.2);
        var endedLater = Begin(clock, "ended later", 0.2);
        Assert.True(changed.Change(TimeSpan.FromSeconds(0.7), Timeout.InfiniteTimeSpan));
        stopped.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        ended.Dispose();
        await endedLater.DisposeAsync();

        Advance(1);

        Assert.Equal([("timer", 0.51), ("changed", 0.7)], _ended);
        Assert.False(ended.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
    }

    [Fact]
    public void Timer_OneBeforeItDoesNotReturn_TheNextMomentGoesOnWithTheRest()
    {
        var time = new Moments();
        var clock = new ProbeClock(time, Grid);
        var ended = new List<string>();
        using var hanging = clock.CreateTimer(_ => Hang(), null, TimeSpan.FromMilliseconds(300), Timeout.InfiniteTimeSpan);
        using var next = clock.CreateTimer(_ => ended.Add("next"), null, TimeSpan.FromMilliseconds(300), Timeout.InfiniteTimeSpan);
        using var later = clock.CreateTimer(_ => ended.Add("later"), null, TimeSpan.FromMilliseconds(600), Timeout.InfiniteTimeSpan);

        time.Come(TimeSpan.FromMilliseconds(300));

        Assert.Equal(["next", "later", "returned"], ended);

        void Hang()
        {
            // The time goes on on other threads.
            time.Come(TimeSpan.FromMilliseconds(600));
            ended.Add("returned");
        }
    }

    [Fact]
    public void Time_IsThatOfTheClockBelow()
    {
        var clock = new ProbeClock(_time, Grid);
        var before = clock.GetTimestamp();
        _time.SetLocalTimeZone(TimeZoneInfo.CreateCustomTimeZone("here", TimeSpan.FromHours(2), "here", "here"));
        _time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal((_time.GetUtcNow(), _time.LocalTimeZone, _time.TimestampFrequency), (clock.GetUtcNow(), clock.LocalTimeZone, clock.TimestampFrequency));
        Assert.Equal(TimeSpan.FromSeconds(3), clock.GetElapsedTime(before));
    }

    [Fact]
    public async Task Timer_EndedWhileItIsDue_DoesNotRun()
    {
        var clock = new ProbeClock(_time);
        ITimer? second = null;
        var ran = new List<string>();
        await using var first = clock.CreateTimer(
            _ =>
            {
                ran.Add("first");
                second!.Dispose();
            },
            null,
            TimeSpan.FromSeconds(1),
            Timeout.InfiniteTimeSpan);
        second = clock.CreateTimer(_ => ran.Add("second"), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);

        Advance(2);

        Assert.Equal(["first"], ran);
    }

    [Fact]
    public void Timer_MachineSlept_RunsOnceForAllThatWasMissed()
    {
        var time = new Moments();
        var clock = new ProbeClock(time, Grid);
        var ended = 0;
        using var timer = clock.CreateTimer(_ => ended++, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

        time.Come(TimeSpan.FromSeconds(10.5));
        Assert.Equal(1, ended);

        time.Come(TimeSpan.FromSeconds(10.9));
        Assert.Equal(1, ended);

        // The timer of the system may come a little early.
        time.Come(TimeSpan.FromSeconds(10.996));
        Assert.Equal(2, ended);
    }

    private ITimer Begin(ProbeClock clock, string name, double due, double? period = null)
    {
        var start = _time.GetTimestamp();
        return clock.CreateTimer(
            _ => _ended.Add((name, Math.Round(_time.GetElapsedTime(start).TotalSeconds, 3))),
            null,
            TimeSpan.FromSeconds(due),
            period is { } each ? TimeSpan.FromSeconds(each) : Timeout.InfiniteTimeSpan);
    }

    private void Advance(double seconds)
    {
        for (var i = 0; i < (int)Math.Round(seconds * 100); i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(10));
        }
    }

    /// <summary>A clock with one timer, which ends when the test says so, also while its callback runs.</summary>
    private sealed class Moments : TimeProvider
    {
        private TimerCallback? _callback;
        private TimeSpan _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _callback = callback;
            return new System.Threading.Timer(static _ => { });
        }

        public void Come(TimeSpan moment)
        {
            _now = moment;
            _callback!(null);
        }
    }
}
