using System.Globalization;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Hosting;

/// <summary>The supervisor's log tells what happened to a daemon and why, in one line for each step.</summary>
public sealed class StoryTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly int _port = FreePort.Next();
    private readonly int _daemonPort = FreePort.Next();

    public StoryTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are Unix's");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Log_DaemonHangs_HasOneLineForEachStepWithItsReason()
    {
        await using var supervisor = await StartAsync("""{"Interval":"00:00:00.2","Timeout":"00:00:00.5","Failures":4}""", "OnFailure");
        var before = Assert.Single(await supervisor.RunningAsync(1));
        await SupervisorProcess.SignalAsync(before.Pid!.Value, "STOP");
        await Wait.UntilAsync(async () => (await supervisor.DaemonsAsync())[0] is { Restarts: 1, State: Supervision.Daemons.DaemonState.Running }, "it is restarted");

        await Wait.UntilAsync(() => Steps(supervisor).Count(l => l.Contains("verified in", StringComparison.Ordinal)) == 2, "its log says so");

        const string Reason = "no answer within";
        AssertOnce(supervisor, "web is Unhealthy: failed probe 1 of 4: ", Reason);
        AssertOnce(supervisor, "web is Stopping: given up after 4 failed probes: ", Reason);
        AssertOnce(supervisor, $"web: PID {before.Pid} was stopped ", "in order, after ");
        AssertOnce(supervisor, "web is Starting: restart 1", "health-unreachable");
        Assert.DoesNotContain(supervisor.Output, l => l.Contains("failed probe 2", StringComparison.Ordinal));

        // Passed probes, and what is said at a lower level, are not there: spawned and verified twice, and the four steps.
        Assert.Equal(8, Steps(supervisor).Count());
    }

    [Fact]
    public async Task Log_DaemonHangsForAMoment_HasALineForTheFailureAndOneForTheRecovery()
    {
        await using var supervisor = await StartAsync("""{"Interval":"00:00:00.2","Timeout":"00:00:00.5","Failures":1000}""", "OnFailure");
        var pid = Assert.Single(await supervisor.RunningAsync(1)).Pid!.Value;
        await SupervisorProcess.SignalAsync(pid, "STOP");
        await Wait.UntilAsync(async () => (await supervisor.DaemonsAsync())[0].ProbeFailures > 2, "several probes have failed");
        await SupervisorProcess.SignalAsync(pid, "CONT");
        await supervisor.RunningAsync(1);

        AssertOnce(supervisor, "web is Unhealthy: failed probe 1 of 1000: ", "no answer within");
        await Wait.UntilAsync(() => Steps(supervisor).Any(l => l.Contains("healthy again", StringComparison.Ordinal)), "its log says so");
        AssertOnce(supervisor, "web is Running: healthy again", "");
        Assert.Equal(4, Steps(supervisor).Count());
    }

    [Fact]
    public async Task Log_DaemonThatIsNeverRestartedHangs_SaysThatItIsGivenUp()
    {
        await using var supervisor = await StartAsync("""{"Interval":"00:00:00.2","Timeout":"00:00:00.5","Failures":3}""", "Never");
        var pid = Assert.Single(await supervisor.RunningAsync(1)).Pid!.Value;
        await SupervisorProcess.SignalAsync(pid, "STOP");
        await Wait.UntilAsync(async () => (await supervisor.DaemonsAsync())[0].ProbeFailures > 4, "more probes have failed than the limit");

        AssertOnce(supervisor, "web is Unhealthy: given up after 3 failed probes, and not restarted, because Restart:Mode is Never: ", "no answer within");
        Assert.Equal(4, Steps(supervisor).Count());
        await SupervisorProcess.SignalAsync(pid, "CONT");
    }

    [Fact]
    public async Task Log_DaemonExitsAgainAndAgain_TellsTheDelayAndTheCrashLoop()
    {
        const string Restart = """{"InitialDelay":"00:00:00.2","Budget":3}""";
        await using var supervisor = await StartAsync("{}", Restart, """ "Command":"sh","Arguments":["-c","echo no; exit 3"], """);
        await Wait.UntilAsync(() => supervisor.Output.Any(l => l.Contains("is CrashLooping", StringComparison.Ordinal)), "the crash loop");

        Assert.Equal(3, Steps(supervisor).Count(l => l.Contains("start on port", StringComparison.Ordinal) && l.Contains("exit code 3", StringComparison.Ordinal)));
        AssertOnce(supervisor, "web is Starting: restart 1", "exited-prematurely");
        AssertOnce(supervisor, "web is Backoff: 2 failures in a row, next start in ", "exited-prematurely");
        AssertOnce(supervisor, "Alert CrashLoop for web: 3 failures within ", "");
        AssertOnce(supervisor, "web is CrashLooping: 3 failures in a row, next start in ", "exited-prematurely");
    }

    private static void AssertOnce(SupervisorProcess supervisor, string beginning, string reason)
    {
        var line = Assert.Single(supervisor.Output, l => l.Contains(beginning, StringComparison.Ordinal));
        Assert.Contains(reason, line, StringComparison.Ordinal);
    }

    // The lines about the daemon itself, without alerts.
    private static IEnumerable<string> Steps(SupervisorProcess supervisor) =>
        supervisor.Output.Where(l => l.Contains("] web", StringComparison.Ordinal));

    private async Task<SupervisorProcess> StartAsync(string probe, string restart, string command = "")
    {
        var policy = restart.StartsWith('{') ? restart : $$"""{"Mode":"{{restart}}"}""";
        await File.WriteAllTextAsync(_directory["monitors.json"], $$$"""
            {"Monitors":{"StopGracePeriod":"00:00:01","Probe":{{{probe}}},"Restart":{{{policy}}},
              "Daemons":[{"Name":"web",{{{command}}}"Port":{{{_daemonPort.ToString(CultureInfo.InvariantCulture)}}}}]}}
            """);
        return SupervisorProcess.Start(_port, _directory["state"], ["--config", _directory["monitors.json"]]);
    }
}
