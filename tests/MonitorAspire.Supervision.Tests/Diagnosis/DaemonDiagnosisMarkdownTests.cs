using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Diagnosis;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Tests.Restarts;

namespace MonitorAspire.Supervision.Tests.Diagnosis;

public class DaemonDiagnosisMarkdownTests
{
    private static readonly DateTimeOffset At = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly DaemonSnapshot CrashLooping = new()
    {
        Name = "worker_1",
        Host = "127.0.0.1",
        Port = 8768,
        State = DaemonState.CrashLooping,
        Restarts = 4,
        ConsecutiveFailures = 5,
        Alerts = [AlertKind.StartFailures, AlertKind.CrashLoop],
        NextAttemptAt = At.AddSeconds(12),
        Url = "http://127.0.0.1:8768",
        TraceId = "0af7651916cd43dd8448eb211c80319c",
        Startup = new StartupTimings(312.44, [new StageTiming(StartupStage.Preflight, 12.1), new StageTiming(StartupStage.PortBound, 200)]),
        Checks = [new CheckResult(CheckName.PidFile, null, null, null), new CheckResult(CheckName.Port, true, "owned by PID 4711", At.AddSeconds(-90)), new CheckResult(CheckName.Health, false, "503 in 2 ms", At)],
        LastFailure = new DaemonFailure
        {
            Reason = StartupReason.ExitedPrematurely,
            Stage = StartupStage.PortBound,
            Detail = "PID 4712 ended with exit code 3",
            ExitCode = 3,
            LogTail = ["cannot open the database", "bye"],
            At = At.AddMinutes(-3),
        },
    };

    private static readonly DaemonInspection NotRunning = new()
    {
        Name = "worker_1",
        Host = "127.0.0.1",
        Port = 8768,
        Verdict = InspectionVerdict.NotRunning,
        PidFileState = "missing",
        PidFile = "/state/monitor-daemon-8768.pid",
        LogFile = "/state/monitor-daemon-8768.log",
    };

    [Fact]
    public void Render_CrashLoop_ContainsEverything() => Assert.Equal(
        """
        # worker\_1: CrashLooping

        **What to do next:** Fix what its last output complains about: the process ends by itself. Then reset the crash loop, so that it is tried at once.

        | What | Is |
        |---|---|
        | State | CrashLooping |
        | Next try | 2026-03-01 12:00:12Z (in 12 s) |
        | Failures in a row | 5 |
        | Restarts | 4 |
        | Open alerts | start-failures, crash-loop |
        | Address | http://127.0.0.1:8768 |
        | PID | none |
        | Seen from outside | not-running |
        | Trace of the last start | 0af7651916cd43dd8448eb211c80319c |

        ## Last failure

        | What | Is |
        |---|---|
        | Reason | exited-prematurely |
        | Stage | port bound |
        | Seen | 2026-03-01 11:57:00Z (3 min ago) |
        | Exit code | 3 |
        | Detail | PID 4712 ended with exit code 3 |

        Its last output before that:

        ```text
        cannot open the database
        bye
        ```

        ## Checks

        | Check | Verdict | Detail | When |
        |---|---|---|---|
        | pid-file | not made yet |  |  |
        | port | passed | owned by PID 4711 | 90 s ago |
        | health | failed | 503 in 2 ms | now |

        ## Port 8768

        Nobody listens on it.

        ## Last verified start: 312.4 ms

        | Stage | Took |
        |---|---|
        | preflight | 12.1 ms |
        | port bound | 200 ms |

        ## Files

        | File | State | Size | Path |
        |---|---|---|---|
        | pid file | missing |  | /state/monitor-daemon-8768.pid |
        | log | ok | 12,345 bytes | /state/monitor-daemon-8768.log |

        ## What the doctor found

        | Severity | Finding | Problem | Fix |
        |---|---|---|---|
        | warning | log-large | too much | rotate it (monitor doctor --fix does it) |

        Made at 2026-03-01 12:00:00Z.

        """,
        Render(CrashLooping, NotRunning, new Finding { Id = "log-large", Severity = FindingSeverity.Warning, Problem = "too much", Fix = "rotate it", SafeToFix = true }),
        ignoreLineEndingDifferences: true);

    [Fact]
    public void Render_RunningDaemon_ProvesThePidAndItsPort()
    {
        var running = CrashLooping with { State = DaemonState.Running, Pid = 4711, LastFailure = null, NextAttemptAt = null, StartedAt = At.AddHours(-5), Alerts = [] };
        var text = Render(running, NotRunning with
        {
            Verdict = InspectionVerdict.Running,
            Pid = 4711,
            IdentityProof = "session",
            OwnsPort = true,
            Listeners = [new PortOwner(4711, "/usr/bin/node", "127.0.0.1:8768"), new PortOwner(4712, null, "[::1]:8768")],
        });

        Assert.Contains("**What to do next:** Nothing: it is verified and serves.", text, StringComparison.Ordinal);
        Assert.Contains("| PID | 4711, proved by the lock of its port, which notes its session |", text, StringComparison.Ordinal);
        Assert.Contains("| 4711 | /usr/bin/node | 127.0.0.1:8768 | this daemon |", text, StringComparison.Ordinal);
        Assert.Contains("| 4712 | unknown | \\[::1\\]:8768 | a child of this daemon |", text, StringComparison.Ordinal);
        Assert.Contains("| Started | 2026-03-01 07:00:00Z (5 h ago) |", text, StringComparison.Ordinal);
        Assert.DoesNotContain("## Last failure", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_SupervisorAndInspectionDiffer_ShowsBoth() => Assert.Contains(
        "| PID | 4711 according to the supervisor; nothing proves it from outside |", Render(CrashLooping with { Pid = 4711 }, NotRunning), StringComparison.Ordinal);

    [Fact]
    public void Render_LogWithBackticks_StaysInItsBlock()
    {
        var text = Render(WithLog("````", "# not a heading", "```", "\u001b[31mred\u001b[0m \u001b]0;title\u0007", "two\nlines"), NotRunning);

        var lines = text.Split('\n');
        var first = Array.IndexOf(lines, "`````text");
        Assert.Equal(["````", "# not a heading", "```", "red \ufffd]0;title\ufffd", "two lines", "`````"], lines[(first + 1)..(first + 7)]);
        Assert.Single(lines, "`````");
    }

    [Fact]
    public void Render_TextFromOtherSources_IsEscaped()
    {
        var failure = CrashLooping.LastFailure! with { Detail = "a | b\n| c | <img src=x> [link](http://evil) `code` *bold* \\| \u001b[2Jend" };

        var row = Assert.Single(Render(CrashLooping with { LastFailure = failure }, NotRunning).Split('\n'), l => l.StartsWith("| Detail |", StringComparison.Ordinal));

        Assert.Equal("| Detail | a \\| b \\| c \\| \\<img src=x\\> \\[link\\](http://evil) \\`code\\` \\*bold\\* \\\\\\| \ufffd\\[2Jend |", row);
    }

    [Fact]
    public void NextStep_EveryReasonAndState_HasItsOwnSentence()
    {
        var steps = Enum.GetValues<StartupReason>()
            .Select(reason => Step(CrashLooping with { LastFailure = new DaemonFailure { Reason = reason } }))
            .Concat(Enum.GetValues<DaemonState>().Select(state => Step(CrashLooping with { State = state })))
            .ToList();

        Assert.All(steps, step => Assert.EndsWith(".", step, StringComparison.Ordinal));

        // Two reasons mean that another process has the port, and the crash loop of the last group is also among the reasons.
        Assert.Equal(Enum.GetValues<StartupReason>().Length + Enum.GetValues<DaemonState>().Length - 1, steps.Distinct().Count());
    }

    [Fact]
    public void NextStep_PortTaken_NamesTheOwner()
    {
        var owner = NotRunning with { Verdict = InspectionVerdict.Foreign, Listeners = [new PortOwner(99, "/usr/bin/python3", "127.0.0.1:8768")] };

        Assert.StartsWith(
            "Free port 8768 (it is used by PID 99 (/usr/bin/python3) on 127.0.0.1:8768) or give the daemon another port",
            NextStep.Of(CrashLooping with { State = DaemonState.Foreign }, owner, hasLog: true), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "Run its command by hand to see why it ends: it wrote nothing")]
    [InlineData(false, "See in its console log why it ends")]
    public void NextStep_NoOutput_NamesWhereToLook(bool hasLog, string step) => Assert.StartsWith(
        step, NextStep.Of(WithLog(), NotRunning, hasLog), StringComparison.Ordinal);

    [Fact]
    public void Render_BeforeTheFirstProbe_ShowsTheChecksOfTheStart() => Assert.Contains(
        "| pid-file | passed | verified when it started | 4 s ago |",
        Render(CrashLooping with { State = DaemonState.Running, Checks = DaemonChecks.Of(Reports.Verified(), At.AddSeconds(-4)) }, NotRunning), StringComparison.Ordinal);

    [Fact]
    public void Render_KilledDaemon_NamesTheSignal() => Assert.Contains(
        "| Signal | SIGKILL (9) |", Render(CrashLooping with { LastFailure = CrashLooping.LastFailure! with { ExitCode = null, Signal = 9 } }, NotRunning), StringComparison.Ordinal);

    private static string Step(DaemonSnapshot daemon) => NextStep.Of(daemon, NotRunning, hasLog: true);

    private static DaemonSnapshot WithLog(params string[] lines) => CrashLooping with { LastFailure = CrashLooping.LastFailure! with { LogTail = lines } };

    private static string Render(DaemonSnapshot daemon, DaemonInspection seen, params Finding[] findings) => DaemonDiagnosisMarkdown.Render(new DaemonDiagnosis
    {
        At = At,
        NextStep = NextStep.Of(daemon, seen, hasLog: true),
        Daemon = daemon,
        Inspection = seen,
        Files = [new DiagnosedFile("pid-file", "/state/monitor-daemon-8768.pid", "missing", null), new DiagnosedFile("log", "/state/monitor-daemon-8768.log", "ok", 12345)],
        Findings = findings,
    });
}
