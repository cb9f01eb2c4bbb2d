using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Tests.Restarts;

namespace MonitorAspire.Supervision.Tests.Fleet;

public class PendingAnswersTests
{
    private readonly PendingAnswers _answers = new();
    private readonly TaskCompletionSource<StartupReport> _start = new();
    private readonly TaskCompletionSource<StopReport> _stop = new();

    [Fact]
    public async Task AnswerStarts_EarlierStart_DoesNotAnswerTheOneThatFollowsIt()
    {
        _answers.AddStart(_start, from: 3);
        _answers.AnswerStarts(2, Reports.Failed(StartupReason.Cancelled));
        Assert.False(_start.Task.IsCompleted);

        _answers.AnswerStarts(4, Reports.Verified());
        Assert.Equal(StartupVerdict.Verified, (await _start.Task).Verdict);
        Assert.False(_answers.AnyStart);
    }

    [Fact]
    public async Task FailStarts_StartAndStopWait_FailsTheStartOnly()
    {
        _answers.AddStart(_start, from: 1);
        _answers.AddStop(_stop);
        _answers.FailStarts(new FleetConflictException("stopped"));

        await Assert.ThrowsAsync<FleetConflictException>(() => _start.Task);
        Assert.False(_stop.Task.IsCompleted);
    }

    [Fact]
    public async Task FailAll_StopAnsweredBefore_KeepsItsAnswer()
    {
        _answers.AddStart(_start, from: 1);
        _answers.AddStop(_stop);
        _answers.AnswerStops(Reports.Stopped(StopVerdict.Stopped));
        _answers.FailAll(new FleetConflictException("the end"));

        Assert.Equal(StopVerdict.Stopped, (await _stop.Task).Verdict);
        await Assert.ThrowsAsync<FleetConflictException>(() => _start.Task);
    }
}
