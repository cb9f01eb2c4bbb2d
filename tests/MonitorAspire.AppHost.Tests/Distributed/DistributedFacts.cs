using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Testing;
using MonitorAspire.Testing.Telemetry;

namespace MonitorAspire.AppHost.Tests.Distributed;

/// <summary>Facts about the distributed application that hold for every engine, checked from outside as a user sees them.</summary>
/// <param name="shared">The application that facts share which do not disturb each other.</param>
public abstract class DistributedFacts<TEngine>(SharedFleet<TEngine> shared) : IClassFixture<SharedFleet<TEngine>>
    where TEngine : IFleetEngine
{
    // Facts run in any order, so each one has a daemon that no other fact touches.
    private const int Undisturbed = 0;
    private const int Killed = 1;
    private const int Hung = 2;
    private const int Crashing = 3;

    private DistributedFleet Shared => shared.Fleet;

    [Fact]
    public async Task Start_Fleet_IsVerifiedAndPortsPidFilesAndHealthAgree()
    {
        NeedLinux();
        var daemons = await Shared.AllRunningAsync();

        Assert.Equal(Shared.Arguments.DaemonPorts, daemons.Select(d => d.Port));
        Assert.Equal(daemons.Count, daemons.Select(d => d.Pid).Distinct().Count());
        foreach (var (name, port, pid) in daemons.Select(d => (d.Name, d.Port, d.Pid!.Value)))
        {
            Assert.True(LinuxView.Listens(pid, port), $"PID {pid} does not listen on port {port}");
            Assert.Equal($"{pid}\n", await Shared.PidFileAsync(port));
            var health = await Shared.HealthAsync(port);
            Assert.Equal((pid, port), (health.GetProperty("pid").GetInt32(), health.GetProperty("port").GetInt32()));
            await Shared.EventAsync(name, e => e.Kind == FleetEventKind.StartVerified, "start-verified");
            await Shared.UntilAsync(name, d => d.Checks.Count == 3 && d.Checks.All(c => c.Healthy == true), "passing all three checks");
        }
    }

    [Fact]
    public async Task Start_Collected_IsOneTraceOfEveryStage()
    {
        NeedLinux();
        var daemon = (await Shared.DaemonsAsync())[Undisturbed];

        List<ReceivedSpan> spans = [];
        await Shared.UntilAsync(
            () => Task.FromResult(TEngine.StartSpans.All((spans = SpansOf(daemon)).Select(s => s.Kind).Contains)),
            $"all of {string.Join(", ", TEngine.StartSpans)}");

        Assert.Equal(TEngine.StartSpans.Order(), spans.Select(s => s.Kind).Where(TEngine.StartSpans.Contains).Order());
        Assert.All(spans, s => Assert.Equal((daemon.TraceId, false), (s.TraceId, s.Failed)));
        Assert.Equal("verified", spans.Single(s => s.Name == $"monitor.startup {daemon.Name}").Attributes["monitor.startup.outcome"]);

        // The trace begins with the engine's root span. The calls between supervisor and launcher are in no trace.
        await Shared.UntilAsync(
            () => Task.FromResult(Shared.Telemetry.Spans.Any(s => s.TraceId == daemon.TraceId && s.Kind == TEngine.RootSpan)), TEngine.RootSpan);
        var root = Assert.Single(Shared.Telemetry.Spans.DistinctBy(s => s.SpanId), s => s.TraceId == daemon.TraceId && s.ParentSpanId.Length == 0);
        Assert.Equal(TEngine.RootSpan, root.Kind);
        Assert.DoesNotContain(Shared.Telemetry.Spans, s => s.Name.Contains("/api/launcher", StringComparison.Ordinal) || s.Name.Contains("/api/events", StringComparison.Ordinal));

        // The daemon's own spans have its service name; the others have another one.
        Assert.All(spans, s => Assert.Equal(s.Name.StartsWith("monitor.daemon.", StringComparison.Ordinal), s.Service == daemon.Name));
    }

    [Fact]
    public async Task Kill_OneDaemon_ComesBackWithNewPidAndLeavesOthersAlone()
    {
        NeedLinux();
        var before = await Shared.DaemonsAsync();
        var (name, oldPid) = (before[Killed].Name, before[Killed].Pid!.Value);

        Signals.Send(oldPid, "KILL");

        var after = await Shared.RunningAgainAsync(name, oldPid);
        await Shared.EventAsync(name, e => e.Kind == FleetEventKind.Exited, "exited");
        Assert.Equal((1, StartupReason.ExitedPrematurely), (after.Restarts, after.LastFailure!.Reason));
        Assert.False(Signals.IsAlive(oldPid));
        Assert.Equal($"{after.Pid}\n", await Shared.PidFileAsync(after.Port));
        Assert.Equal(after.Pid, (await Shared.HealthAsync(after.Port)).GetProperty("pid").GetInt32());
        await SameOthersAsync(before, name);
    }

    [Fact]
    public async Task Hang_OneDaemon_IsReplacedAndLeavesOthersAlone()
    {
        NeedLinux();
        var before = await Shared.DaemonsAsync();
        var (name, oldPid) = (before[Hung].Name, before[Hung].Pid!.Value);

        Signals.Send(oldPid, "STOP");
        try
        {
            var after = await Shared.RunningAgainAsync(name, oldPid);

            await Shared.EventAsync(name, e => e.Daemon.State == DaemonState.Unhealthy, "unhealthy");
            Assert.Equal((1, StartupReason.HealthUnreachable), (after.Restarts, after.LastFailure!.Reason));
            Assert.False(Signals.IsAlive(oldPid));
            await SameOthersAsync(before, name);
        }
        finally
        {
            if (Signals.IsAlive(oldPid))
            {
                Signals.Send(oldPid, "CONT");
            }
        }
    }

    [Fact]
    public async Task Crash_FiveTimes_IsCrashLoopWithAlertUntilItIsStarted()
    {
        NeedLinux();
        var before = await Shared.DaemonsAsync();
        var name = before[Crashing].Name;

        var last = (int?)null;
        for (var crash = 0; crash < 5; crash++)
        {
            last = (await Shared.RunningAgainAsync(name, last)).Pid;
            Signals.Send(last!.Value, "KILL");
        }

        var looping = await Shared.UntilAsync(name, d => d.State == DaemonState.CrashLooping, "in a crash loop");
        Assert.Null(looping.Pid);
        Assert.Equal([AlertKind.CrashLoop], looping.Alerts);
        Assert.True(looping.NextAttemptAt > looping.LastFailure!.At.AddSeconds(20), $"the next try comes at {looping.NextAttemptAt:O}");
        await Shared.EventAsync(name, e => e is { Kind: FleetEventKind.AlertFired, Alert: { Kind: AlertKind.CrashLoop, State: AlertState.Fired } }, "alert-fired");

        var report = await Shared.PostStartAsync(name);

        Assert.Equal(StartupVerdict.Verified, report.Verdict);
        var after = await Shared.RunningAgainAsync(name, last);
        Assert.Equal(report.Pid, after.Pid);
        await Shared.EventAsync(name, e => e is { Kind: FleetEventKind.AlertResolved, Alert: { Kind: AlertKind.CrashLoop } }, "alert-resolved");
        await SameOthersAsync(before, name);
    }

    [Fact]
    public async Task Start_PortInUse_NamesTheOwnerAndRunsWhenItIsFree()
    {
        NeedLinux();
        var program = Path.GetFileName(Environment.ProcessPath!);
        TcpListener? taken = null;
        try
        {
            await using var fleet = await DistributedFleet.StartAsync<TEngine>(count: 2, prepare: arguments =>
            {
                taken = new TcpListener(IPAddress.Loopback, arguments.BasePort);
                taken.Start();
                return Task.CompletedTask;
            });
            var (name, other) = ($"monitor-{fleet.Arguments.BasePort}", $"monitor-{fleet.Arguments.BasePort + 1}");

            var foreign = await fleet.UntilAsync(name, d => d.State == DaemonState.Foreign, "foreign");

            Assert.Null(foreign.Pid);
            Assert.Equal(StartupReason.PortInUse, foreign.LastFailure!.Reason);
            Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"PID {Environment.ProcessId}"), foreign.LastFailure.Detail, StringComparison.Ordinal);
            Assert.Contains(program, foreign.LastFailure.Detail, StringComparison.Ordinal);
            var otherPid = (await fleet.UntilAsync(other, d => d.State == DaemonState.Running, "running")).Pid;

            taken!.Stop();

            var after = await fleet.UntilAsync(name, d => d.State == DaemonState.Running, "running once the port was free");
            Assert.True(LinuxView.Listens(after.Pid!.Value, after.Port));
            Assert.Equal(otherPid, (await fleet.UntilAsync(other, d => d.State == DaemonState.Running, "running")).Pid);
        }
        finally
        {
            taken?.Dispose();
        }
    }

    [Fact]
    public async Task Kill_Supervisor_IsStartedAgainAndAdoptsTheDaemons()
    {
        NeedLinux();
        await using var fleet = await DistributedFleet.StartAsync<TEngine>(count: 2);
        var first = await fleet.AllRunningAsync();
        Signals.Send(first[0].Pid!.Value, "KILL");
        await fleet.RunningAgainAsync(first[0].Name, first[0].Pid);
        var before = await fleet.AllRunningAsync();
        var supervisor = await fleet.SupervisorPidAsync();

        Signals.Send(supervisor!.Value, "KILL");

        await fleet.UntilAsync(async () => await fleet.SupervisorPidAsync() is { } pid && pid != supervisor, "another supervisor");
        var after = await fleet.AllRunningAsync();
        Assert.Equal(before.Select(d => (d.Name, d.Pid, d.Restarts)), after.Select(d => (d.Name, d.Pid, d.Restarts)));
        Assert.All(after, d => Assert.True(d.Adopted, $"{d.Name} was not adopted"));

        // The new supervisor goes on with the restart counts of the old one.
        Signals.Send(after[1].Pid!.Value, "KILL");
        Assert.Equal(1, (await fleet.RunningAgainAsync(after[1].Name, after[1].Pid)).Restarts);
        await fleet.StopAsync();
        Assert.All(fleet.Arguments.Ports, port => Assert.True(FreePort.IsFree(port), $"port {port} is still taken"));
    }

    [Fact]
    public async Task Stop_AfterARestart_LeavesNothing()
    {
        NeedLinux();
        await using var fleet = await DistributedFleet.StartAsync<TEngine>(count: 2);
        var before = await fleet.AllRunningAsync();
        Signals.Send(before[0].Pid!.Value, "KILL");
        await fleet.RunningAgainAsync(before[0].Name, before[0].Pid);
        var pids = (await fleet.AllRunningAsync()).Select(d => d.Pid!.Value);

        await fleet.StopAsync();

        Assert.All(fleet.Arguments.Ports, port => Assert.True(FreePort.IsFree(port), $"port {port} is still taken"));
        Assert.All(pids, pid => Assert.False(Signals.IsAlive(pid), $"PID {pid} still lives"));
        Assert.Empty(LinuxView.ProcessesWith(fleet.Arguments.StateDirectory));
        Assert.Empty(Directory.EnumerateFiles(fleet.Arguments.StateDirectory, "*.pid", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Start_TwoApplicationsAtOnce_DoNotTouchEachOther()
    {
        NeedLinux();
        var fleets = await Task.WhenAll(DistributedFleet.StartAsync<TEngine>(count: 2), DistributedFleet.StartAsync<TEngine>(count: 2));
        await using var one = fleets[0];
        await using var two = fleets[1];

        var before = await Task.WhenAll(one.AllRunningAsync(), two.AllRunningAsync());
        Assert.Equal(4, before.SelectMany(d => d).Select(d => d.Pid).Distinct().Count());
        await one.StopAsync();

        Assert.All(one.Arguments.Ports, port => Assert.True(FreePort.IsFree(port), $"port {port} is still taken"));
        var after = await two.AllRunningAsync();
        Assert.Equal(before[1].Select(d => (d.Name, d.Pid, d.Restarts)), after.Select(d => (d.Name, d.Pid, d.Restarts)));
        Assert.All(after, d => Assert.True(LinuxView.Listens(d.Pid!.Value, d.Port)));
    }

    protected static void NeedLinux() => Assert.SkipUnless(OperatingSystem.IsLinux(), "the test reads processes and ports in /proc");

    private async Task SameOthersAsync(IReadOnlyList<DaemonSnapshot> before, string name)
    {
        var after = await Shared.DaemonsAsync();
        Assert.Equal(
            before.Where(d => d.Name != name).Select(d => (d.Name, d.Pid, d.Restarts)),
            after.Where(d => d.Name != name).Select(d => (d.Name, d.Pid, d.Restarts)));
    }

    // A span belongs to a daemon if it, or one of its ancestors, has the daemon's port.
    private List<ReceivedSpan> SpansOf(DaemonSnapshot daemon)
    {
        var port = daemon.Port.ToString(CultureInfo.InvariantCulture);
        var all = Shared.Telemetry.Spans.DistinctBy(s => s.SpanId).ToDictionary(s => s.SpanId);
        return [.. all.Values.Where(IsOfDaemon)];

        bool IsOfDaemon(ReceivedSpan? span)
        {
            for (; span is not null; span = all.GetValueOrDefault(span.ParentSpanId))
            {
                if (span.Attributes.GetValueOrDefault("monitor.daemon.port") is { } said)
                {
                    return said == port;
                }
            }

            return false;
        }
    }
}
