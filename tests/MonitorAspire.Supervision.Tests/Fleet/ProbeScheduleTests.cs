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
    public void ProbeOftenAtFirst_NewInstance_AddsProbesThatComeLessAndLessOften()
    {
        using var schedule = New(phase: 1, interval: 2);
        schedule.ProbeOftenAtFirst();
        Advance(12);

        // The clock of the test goes in steps of 50 ms. Without the regular probes at even seconds:
        var early = _due.Where(at => at % 2 != 0).Prepend(0).ToList();
        Assert.Equal([0.1, 0.15, 0.225, 0.3375, 0.50625, 0.759375, 1.1390625, 1.70859375], early.Zip(early.Skip(1), (a, b) => b - a), (a, b) => Math.Abs(a - b) <= 0.051);
        Assert.Equal(6, _due.Count - early.Count + 1);
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
