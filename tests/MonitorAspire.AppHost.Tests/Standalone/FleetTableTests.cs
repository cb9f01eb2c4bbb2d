using MonitorAspire.AppHost.Standalone.Output;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.AppHost.Tests.Standalone;

public class FleetTableTests
{
    private static readonly DaemonSnapshot Running = new()
    {
        Name = "monitor-8768", Host = "127.0.0.1", Port = 8768, Pid = 4711, State = DaemonState.Running, Startup = new StartupTimings(412.4, []),
    };

    private static readonly DaemonSnapshot Broken = new()
    {
        Name = "b", Host = "127.0.0.1", Port = 80, State = DaemonState.Backoff,
        LastFailure = new DaemonFailure { Reason = StartupReason.ExitedPrematurely, Stage = StartupStage.PortBound, Detail = "Exit code 3.", LogTail = ["one", "two"] },
    };

    [Fact]
    public void Render_MixedFleet_AlignsColumns()
        => Assert.Equal(
            """
              NAME          PORT  PID   STATE    VERIFIED IN
              monitor-8768  8768  4711  Running  0.41 s
              b             80    -     Backoff  -
            """, FleetTable.Render([Running, Broken]));

    [Fact]
    public void Render_Adopted_DoesNotClaimATime()
        => Assert.EndsWith("Running  was running", FleetTable.Render([Running with { Adopted = true }]), StringComparison.Ordinal);

    [Fact]
    public void Explain_Failed_GivesReasonStageDetailAndLog()
        => Assert.Equal(
            """
            b on port 80: exited-prematurely in stage port_bound. Exit code 3.
                | one
                | two
            """, FleetTable.Explain(Broken));

    [Fact]
    public void Explain_RunningAfterAFailure_SaysNothing()
        => Assert.Null(FleetTable.Explain(Running with { LastFailure = Broken.LastFailure }));
}
