using Microsoft.Extensions.Time.Testing;
using MonitorAspire.Cli.Waiting;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli.Tests;

/// <summary>When a wait is over, on a clock that the test moves.</summary>
public sealed class WaitProgressTests
{
    private static readonly TimeSpan AlmostASecond = TimeSpan.FromMilliseconds(999);
    private static readonly TimeSpan OneMillisecond = TimeSpan.FromMilliseconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly WaitProgress _progress;

    public WaitProgressTests() => _progress = new WaitProgress(_time, TimeSpan.FromMinutes(1));

    [Theory]
    [InlineData(InspectionVerdict.NotRunning, 6)]
    [InlineData(InspectionVerdict.Dead, 6)]
    [InlineData(InspectionVerdict.Foreign, 8)]
    public void Judge_InstanceIsGone_IsBelievedAfterASecond(InspectionVerdict gone, int exitCode)
    {
        Assert.Null(Judge(InspectionVerdict.Starting));
        Assert.Null(Judge(gone));
        _time.Advance(AlmostASecond);
        Assert.Null(Judge(gone));
        _time.Advance(OneMillisecond);
        Assert.Equal(exitCode, Judge(gone));
    }

    [Fact]
    public void Judge_InstanceIsBackWithinASecond_ItsNextEndCountsFromAnew()
    {
        Judge(InspectionVerdict.Unhealthy);
        Judge(InspectionVerdict.NotRunning);
        _time.Advance(AlmostASecond);
        Judge(InspectionVerdict.Starting);
        _time.Advance(AlmostASecond);

        Assert.Null(Judge(InspectionVerdict.NotRunning));
        _time.Advance(AlmostASecond);
        Assert.Null(Judge(InspectionVerdict.NotRunning));
        Assert.Equal(0, Judge(InspectionVerdict.Running));
    }

    [Fact]
    public void Judge_InstanceThatWasNeverThere_IsWaitedForUntilTheTimeIsUp()
    {
        Assert.Null(Judge(InspectionVerdict.NotRunning));
        _time.Advance(TimeSpan.FromMinutes(1) - OneMillisecond);
        Assert.Null(Judge(InspectionVerdict.NotRunning));
        Assert.Equal(OneMillisecond, _progress.NextDelay());
        _time.Advance(OneMillisecond);
        Assert.Equal(5, Judge(InspectionVerdict.NotRunning));
    }

    [Fact]
    public void Judge_OneOfTwoIsGone_EndsTheWaitForBoth()
    {
        Assert.Null(_progress.Judge([Seen(InspectionVerdict.Running, 9000), Seen(InspectionVerdict.Starting, 9001)]));
        Assert.Null(_progress.Judge([Seen(InspectionVerdict.Running, 9000), Seen(InspectionVerdict.NotRunning, 9001)]));
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(6, _progress.Judge([Seen(InspectionVerdict.Running, 9000), Seen(InspectionVerdict.NotRunning, 9001)]));
        Assert.True(_progress.WasSeen(9001));
    }

    [Fact]
    public void Judge_DefinitionIsWrong_IsFinalAtOnce() =>
        Assert.Equal(2, _progress.Judge([Seen(InspectionVerdict.Unknown) with { Reason = StartupReason.InvalidConfiguration }]));

    [Fact]
    public void HealthTimeout_NearTheEnd_IsWhatIsLeftButNotLessThanHalfASecond()
    {
        Assert.Equal(TimeSpan.FromSeconds(2), _progress.HealthTimeout);
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(TimeSpan.FromSeconds(1), _progress.HealthTimeout);
        _time.Advance(TimeSpan.FromSeconds(0.9));
        Assert.Equal(TimeSpan.FromSeconds(0.5), _progress.HealthTimeout);
    }

    private int? Judge(InspectionVerdict verdict) => _progress.Judge([Seen(verdict)]);

    private static DaemonInspection Seen(InspectionVerdict verdict, int port = 9000) => new()
    {
        Name = "web",
        Host = "127.0.0.1",
        Port = port,
        Verdict = verdict,
        PidFile = "",
        PidFileState = "missing",
        LogFile = "",
    };
}
