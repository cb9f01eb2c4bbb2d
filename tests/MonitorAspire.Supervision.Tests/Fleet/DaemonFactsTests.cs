using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Tests.Restarts;

namespace MonitorAspire.Supervision.Tests.Fleet;

public class DaemonFactsTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DaemonFacts Facts = new(FleetFixture.Spec("a", 9000));

    [Fact]
    public void ToSnapshot_Running_ShowsTheInstanceAndItsPort()
    {
        var facts = Facts with { Instance = Instance(number: 4, port: 9003) };

        var shown = Show(facts, new MachineState { State = DaemonState.Running, Instance = 4 });

        Assert.Equal((4711, 9003, "http://127.0.0.1:9003"), (shown.Pid, shown.Port, shown.Url));
        Assert.Equal((Now, true), (shown.VerifiedAt, shown.Adopted));
        Assert.EndsWith("monitor-daemon-9003.pid", shown.PidFile, StringComparison.Ordinal);
    }

    [Fact]
    public void ToSnapshot_InstanceThatTheMachineDoesNotKnow_ShowsNoProcess()
    {
        var shown = Show(Facts with { Instance = Instance(number: 4, port: 9003) }, new MachineState { State = DaemonState.Stopped });

        Assert.Equal((null, 9000, false), ((int?)shown.Pid, shown.Port, shown.Adopted));
        Assert.Null(shown.VerifiedAt);
    }

    [Fact]
    public void ToSnapshot_Starting_ShowsTheProcessThatIsBeingStarted()
    {
        var facts = Facts with { StartingPid = 12 };

        Assert.Equal(12, Show(facts, new MachineState { State = DaemonState.Starting }).Pid);
        Assert.Null(Show(facts, new MachineState { State = DaemonState.Backoff }).Pid);
    }

    [Fact]
    public void ToSnapshot_NextAttempt_IsOnTheWallClock() => Assert.Equal(
        Now.AddSeconds(3),
        Show(Facts, new MachineState { State = DaemonState.Backoff, NextAttemptAt = TimeSpan.FromSeconds(13) }).NextAttemptAt);

    [Theory]
    [InlineData("0.0.0.0", "http://127.0.0.1:9000")]
    [InlineData("*", "http://127.0.0.1:9000")]
    [InlineData("::", "http://[::1]:9000")]
    [InlineData("fe80::1", "http://[fe80::1]:9000")]
    [InlineData("[::1]", "http://[::1]:9000")]
    [InlineData("example.org", "http://example.org:9000")]
    public void ToSnapshot_AnyHost_HasAUrlThatCanBeCalled(string host, string url) =>
        Assert.Equal(url, Show(new DaemonFacts(Facts.Spec with { Host = host }), MachineState.Initial).Url);

    [Fact]
    public void Checks_StartWhosePortOwnerIsUnknown_ClaimNoMoreThanWasSeen()
    {
        var checks = DaemonChecks.Of(Reports.Verified() with { OwnershipVerified = false }, Now);

        Assert.Equal([true, null, true], checks.Select(c => c.Healthy));
        Assert.Equal("ownership: unverified", checks[1].Detail);
    }

    [Fact]
    public void Probe_OtherInstanceOnThePort_SaysNothingAboutTheSocket()
    {
        var seen = new DaemonInspection
        {
            Name = "a", Host = "127.0.0.1", Port = 9000, Verdict = InspectionVerdict.Running, Pid = 5, OwnsPort = false, PidFileState = "ok", PidFile = "pid", LogFile = "log",
        };

        var probed = new DaemonProbe(seen, null).ToEvent(1, pid: 4);

        Assert.Equal((false, null, StartupReason.PidMismatch), (probed.Health, probed.Port, probed.Reason));
        Assert.Equal("the instance on the port is PID 5, not PID 4", probed.Detail);
    }

    private static DaemonSnapshot Show(DaemonFacts facts, MachineState state) => facts.ToSnapshot(state, "/state", Now, TimeSpan.FromSeconds(10));

    private static VerifiedInstance Instance(long number, int port) => new(
        number, new DaemonInstance(new ProcessIdentity(4711, 1, "boot"), port, Now, 0, new TaskCompletionSource<ProcessExit>().Task), Now, Adopted: true);
}
