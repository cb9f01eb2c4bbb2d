using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervisor.Tests.Dashboard;

internal static class Snapshots
{
    internal static readonly DateTimeOffset At = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    internal static DaemonSnapshot Of(DaemonState state, string name = "monitor-8768") => new()
    {
        Name = name,
        Host = "127.0.0.1",
        Port = 8768,
        State = state,
        Url = "http://127.0.0.1:8768",
    };

    internal static DaemonSnapshot Running(string name = "monitor-8768", int pid = 4711) => Of(DaemonState.Running, name) with
    {
        Pid = pid,
        StartedAt = At,
        VerifiedAt = At.AddMilliseconds(312),
        Restarts = 2,
        PidFile = "/state/monitor-daemon-8768.pid",
        LogFile = "/state/monitor-daemon-8768.log",
        TraceId = "0af7651916cd43dd8448eb211c80319c",
        Startup = new StartupTimings(312.4, [new StageTiming(StartupStage.Preflight, 12.1), new StageTiming(StartupStage.PortBound, 200.2)]),
        Checks =
        [
            new CheckResult(CheckName.PidFile, true, "4711", At),
            new CheckResult(CheckName.Port, true, "owned by PID 4711", At),
            new CheckResult(CheckName.Health, true, "200 in 2 ms", At),
        ],
    };
}
