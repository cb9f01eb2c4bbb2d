using Microsoft.Extensions.Time.Testing;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Launcher;

namespace MonitorAspire.Supervision.Tests.Launcher;

public class LauncherControllerTests
{
    private readonly List<LauncherMessage> _sent = [];
    private readonly List<string> _news = [];
    private readonly LauncherController _controller = new(new FakeTimeProvider(), TaskCreationOptions.None);

    public LauncherControllerTests()
    {
        _controller.LaunchedUnasked += name => _news.Add($"launched {name}");
        _controller.LaunchedLate += name => _news.Add($"late {name}");
        _controller.StoppingUnasked += name => _news.Add($"stopping {name}");
        _controller.Connect(_sent.Add);
    }

    [Fact]
    public async Task WaitForLaunch_TheProcessBeforeItEndsLate_WaitsForTheNewOne()
    {
        Report(LauncherState.Running, 7);
        var asked = _controller.RequestStartAsync("a", default);
        Answer();
        await asked;
        var launch = _controller.WaitForLaunchAsync("a", default);

        Report(LauncherState.Ended, 7);
        Assert.False(launch.IsCompleted);
        Report(LauncherState.Running, 8);

        Assert.Equal(8, (await launch).Pid);
    }

    [Fact]
    public async Task WaitForLaunch_APersonHasStoppedIt_SaysSo()
    {
        Report(LauncherState.Ended, 7, onPurpose: true);

        var e = await Assert.ThrowsAsync<LaunchFailedException>(() => _controller.WaitForLaunchAsync("a", default));

        Assert.True(e.IsStoppedOnPurpose);
    }

    [Fact]
    public async Task WaitForLaunch_AfterARequestThatWasRefused_KnowsTheLastEnd()
    {
        Report(LauncherState.Running, 7);
        Report(LauncherState.Ended, 7);
        var asked = _controller.RequestStartAsync("a", default);
        _controller.Receive(new LauncherAnswer(((LauncherRequest)_sent[^1]).Id, "refused"));
        await Assert.ThrowsAsync<LaunchFailedException>(() => asked);

        await Assert.ThrowsAsync<LaunchFailedException>(() => _controller.WaitForLaunchAsync("a", default));
    }

    [Fact]
    public async Task LaunchedLate_RequestWasGivenUp_IsTold()
    {
        using var givenUp = new CancellationTokenSource();
        var asked = _controller.RequestStartAsync("a", givenUp.Token);
        await givenUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);

        Report(LauncherState.Running, 7);
        Report(LauncherState.Running, 8);

        Assert.Equal(["late a", "launched a"], _news);
    }

    [Fact]
    public async Task LaunchedUnasked_RequestWasNeverSent_IsAPersonsLaunch()
    {
        _controller.Disconnect();
        using var givenUp = new CancellationTokenSource();
        var asked = _controller.RequestStartAsync("a", givenUp.Token);
        await givenUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        _controller.Connect(_sent.Add);

        Report(LauncherState.Running, 7);

        Assert.Equal(["launched a"], _news);
    }

    [Fact]
    public async Task LaunchedUnasked_StartWaits_IsNotTold()
    {
        var launch = _controller.WaitForLaunchAsync("a", default);
        Report(LauncherState.Running, 7);

        Assert.Equal(7, (await launch).Pid);
        Assert.Empty(_news);
    }

    [Fact]
    public async Task LaunchedUnasked_FirstReportDuringAStop_IsTheProcessThatStops()
    {
        var asked = _controller.RequestStopAsync("a", default);
        Report(LauncherState.Running, 7);
        Answer();
        await asked;
        Report(LauncherState.Running, 8);

        Assert.Equal(["launched a"], _news);
    }

    [Fact]
    public void StoppingUnasked_OnlyTheEndIsReported_IsToldOnce()
    {
        Report(LauncherState.Running, 7);
        Report(LauncherState.Ended, 7, onPurpose: true);
        Report(LauncherState.Ended, 7, onPurpose: true);

        Assert.Equal(["launched a", "stopping a"], _news);
    }

    [Fact]
    public async Task Connect_RequestWasGivenUp_IsNotSentAgain()
    {
        using var givenUp = new CancellationTokenSource();
        var asked = _controller.RequestStopAsync("a", givenUp.Token);
        _controller.Disconnect();
        await givenUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        _sent.Clear();

        _controller.Connect(_sent.Add);

        Assert.Empty(_sent);
    }

    [Fact]
    public void FindLaunch_Reported_SaysWhetherItRuns()
    {
        Assert.Null(_controller.FindLaunch("a"));
        Report(LauncherState.Running, 7);
        Assert.Equal((7, false), (_controller.FindLaunch("a")!.Pid, _controller.FindLaunch("a")!.HasEnded));
        Report(LauncherState.Ended, 7);
        Assert.Equal((7, true), (_controller.FindLaunch("a")!.Pid, _controller.FindLaunch("a")!.HasEnded));
    }

    private void Report(LauncherState state, int pid, bool onPurpose = false) =>
        _controller.Receive(new LauncherReport { Daemon = "a", State = state, Pid = pid, OnPurpose = onPurpose });

    private void Answer() => _controller.Receive(new LauncherAnswer(((LauncherRequest)_sent[^1]).Id, null));
}
