using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervisor.Dashboard.Protocol;

namespace MonitorAspire.Supervisor.Tests.Dashboard;

public class CommandRunnerTests
{
    [Theory]
    [InlineData("start")]
    [InlineData("restart")]
    public async Task Execute_AStartThatIsVerified_SucceedsWithPidAndPort(string command)
    {
        var fleet = new StubFleet(Snapshots.Running()) { OnStart = name => Report(name, StartupVerdict.Verified) };

        var answer = await ExecuteAsync(fleet, command);

        Assert.Equal(ResourceCommandResponseKind.Succeeded, answer.Kind);
        Assert.Equal("monitor-8768 was verified after 312 ms: PID 4712 on port 8768.", answer.Message);
        Assert.Equal([$"{command} monitor-8768"], fleet.Asked);
    }

    [Fact]
    public async Task Execute_AStartThatFails_FailsWithReasonStageDetailAndOutput()
    {
        var fleet = new StubFleet(Snapshots.Of(DaemonState.Stopped))
        {
            OnStart = name => Report(name, StartupVerdict.Failed) with
            {
                Reason = StartupReason.ExitedPrematurely,
                Stage = StartupStage.PortBound,
                Detail = "PID 4712 ended with exit code 3.",
                LogTail = ["cannot open the database", "bye"],
            },
        };

        var answer = await ExecuteAsync(fleet, "start");

        Assert.Equal(ResourceCommandResponseKind.Failed, answer.Kind);
        Assert.Equal("exited-prematurely in stage port bound. PID 4712 ended with exit code 3.", answer.Message);
        Assert.Equal("cannot open the database\nbye", answer.Result.Value);
    }

    [Fact]
    public async Task Execute_Stop_AnswersTheReport()
    {
        var fleet = new StubFleet(Snapshots.Running())
        {
            OnStop = name => new StopReport { Name = name, Port = 8768, Verdict = StopVerdict.Foreign, Detail = "The port is PID 99's." },
        };

        var refused = await ExecuteAsync(fleet, "stop");
        fleet.OnStop = name => new StopReport { Name = name, Port = 8768, Verdict = StopVerdict.Stopped, TotalMs = 41.6 };
        var stopped = await ExecuteAsync(fleet, "stop");

        Assert.Equal((ResourceCommandResponseKind.Failed, "The port is PID 99's."), (refused.Kind, refused.Message));
        Assert.Equal((ResourceCommandResponseKind.Succeeded, "monitor-8768 was stopped after 42 ms."), (stopped.Kind, stopped.Message));
    }

    [Fact]
    public async Task Execute_Diagnose_AnswersMarkdownToDisplay()
    {
        var fleet = new StubFleet(Snapshots.Of(DaemonState.CrashLooping) with
        {
            LastFailure = new DaemonFailure { Reason = StartupReason.CommandNotFound, Stage = StartupStage.Preflight, Detail = "no such file: nowhere" },
        });

        var answer = await ExecuteAsync(fleet, "diagnose");

        Assert.Equal(ResourceCommandResponseKind.Succeeded, answer.Kind);
        Assert.StartsWith("Install the command", answer.Message, StringComparison.Ordinal);
        Assert.Equal((CommandResultFormat.Markdown, true), (answer.Result.Format, answer.Result.DisplayImmediately));
        Assert.StartsWith("# monitor-8768: CrashLooping\n", answer.Result.Value, StringComparison.Ordinal);
        Assert.Contains("| Detail | no such file: nowhere |", answer.Result.Value, StringComparison.Ordinal);
        Assert.Empty(fleet.Asked);
    }

    [Theory]
    [InlineData(DaemonState.Starting, "The failures of monitor-8768 are forgotten; it is being started.")]
    [InlineData(DaemonState.Stopping, "The failures of monitor-8768 are forgotten.")]
    public async Task Execute_ResetCrashLoop_AsksTheFleetAndAnswersTheResult(DaemonState after, string message)
    {
        var fleet = new StubFleet(Snapshots.Of(DaemonState.CrashLooping)) { OnReset = _ => Snapshots.Of(after) };

        var answer = await ExecuteAsync(fleet, "reset-crash-loop");

        Assert.Equal((ResourceCommandResponseKind.Succeeded, message), (answer.Kind, answer.Message));
        Assert.Equal(["reset monitor-8768"], fleet.Asked);
    }

    [Theory]
    [InlineData("reset-crash-loop", "monitor-8768-monitor-8768", "not now")]
    [InlineData("start", "monitor-8768-monitor-8768", "not now")]
    [InlineData("explode", "monitor-8768-monitor-8768", "'explode' is not a command of a daemon.")]
    [InlineData("stop", "nobody", "'nobody' is not a daemon of this fleet.")]
    [InlineData("stop", "monitor-supervisor-monitor-supervisor", "'monitor-supervisor-monitor-supervisor' is not a daemon of this fleet.")]
    public async Task Execute_Refused_FailsWithTheReason(string command, string resource, string message)
    {
        var answer = await ExecuteAsync(new StubFleet(Snapshots.Running()), command, resource);

        Assert.Equal((ResourceCommandResponseKind.Failed, message), (answer.Kind, answer.Message));
    }

    private static StartupReport Report(string name, StartupVerdict verdict)
        => new() { Name = name, Host = "127.0.0.1", Port = 8768, Verdict = verdict, Pid = 4712, TotalMs = 312.4 };

    private static async Task<ResourceCommandResponse> ExecuteAsync(StubFleet fleet, string command, string resource = "monitor-8768-monitor-8768")
    {
        await using var service = await ResourceServiceFixture.StartAsync(fleet);
        return await service.Client.ExecuteResourceCommandAsync(new ResourceCommandRequest { CommandName = command, ResourceName = resource, ResourceType = "Executable" }, service.Options);
    }
}
