using Microsoft.Extensions.Time.Testing;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Supervision.Tests.Fleet;

public class ProbeScheduleTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<double> _due = [];

    [Fact]
    public void Phase_HalfAnInterval_ShiftsAllProbes()
    {
        using var schedule = New(phase: 0.5);
        Advance(3);
        Assert.Equal([0.5, 1.5, 2.5], _due);
    }

    [Fact]
    public void LookAgain_AfterAProbe_AddsOneWithin100MsAndKeepsTheRhythm()
    {
        using var schedule = New();
        Advance(1);
        schedule.LookAgain();
        Advance(1);
        Assert.Equal([0, 1, 1.1, 2], _due);
    }

    [Fact]
    public void LookAgain_ShortInterval_ComesAfterAQuarterOfIt()
    {
        using var schedule = New(interval: 0.2);
        schedule.LookAgain();
        Advance(0.05);
        Assert.Equal([0, 0.05], _due);
    }

    [Fact]
    public void ProbeOftenAtFirst_NewInstance_ProbesEveryQuarterForFiveSeconds()
    {
        using var schedule = New(phase: 1);
        Advance(0.1);
        schedule.ProbeOftenAtFirst();
        Advance(6.9);
        Assert.Equal([0.35, 0.6, 0.85, 1, 1.1], _due.Take(5));
        Assert.Equal([4.85, 5, 5.1, 6, 7], _due.TakeLast(5));
    }

    [Fact]
    public void Change_NewInterval_HoldsFromNowOn()
    {
        using var schedule = New();
        Advance(1);
        schedule.Change(TimeSpan.FromSeconds(5), 1);
        Advance(10);
        Assert.Equal([0, 1, 6, 11], _due);
    }

    [Fact]
    public void TryBegin_WhileAProbeIsUnderWay_IsRefused()
    {
        using var schedule = New();
        Assert.True(schedule.TryBegin());
        Assert.False(schedule.TryBegin());
        schedule.End();
        Assert.True(schedule.TryBegin());
    }

    private ProbeSchedule New(double interval = 1, double phase = 0)
    {
        var start = _time.GetTimestamp();
        var schedule = new ProbeSchedule(_time, TimeSpan.FromSeconds(interval), phase, () => _due.Add(Math.Round(_time.GetElapsedTime(start).TotalSeconds, 3)));
        Advance(0);
        return schedule;
    }

    private void Advance(double seconds)
    {
        _time.Advance(TimeSpan.Zero);
        for (var left = seconds; left > 1e-9; left -= 0.05)
        {
            _time.Advance(TimeSpan.FromSeconds(0.05));
        }
    }
}
