using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervisor.Dashboard.Protocol;
using MonitorAspire.Supervisor.Dashboard.Resources;
using MonitorAspire.Supervisor.Fleet;

namespace MonitorAspire.Supervisor.Tests.Dashboard;

public class DaemonResourceTests
{
    [Theory]
    [InlineData(DaemonState.Running, "Running", "")]
    [InlineData(DaemonState.Unhealthy, "Running", "")]
    [InlineData(DaemonState.Starting, "Starting", "")]
    [InlineData(DaemonState.Stopping, "Stopping", "")]
    [InlineData(DaemonState.Stopped, "NotStarted", "")]
    [InlineData(DaemonState.Failed, "FailedToStart", "")]
    [InlineData(DaemonState.Backoff, "Backoff", "warning")]
    [InlineData(DaemonState.CrashLooping, "Crash loop", "error")]
    [InlineData(DaemonState.Foreign, "Port taken", "error")]
    public void Of_EachState_HasTheDashboardsWordOrAStyle(DaemonState state, string text, string style)
    {
        var resource = Resource(Snapshots.Of(state));

        Assert.Equal((text, style), (resource.State, resource.StateStyle));
    }

    [Fact]
    public void Of_EveryState_HasAWordAndCommands()
        => Assert.All(Enum.GetValues<DaemonState>(), state => Assert.Equal(5, Resource(Snapshots.Of(state)).Commands.Count(c => c.Name.Length > 0)));

    [Fact]
    public void Of_AStartUnderWay_NamesTheStage()
        => Assert.Equal("Starting, port bound", Resource(Snapshots.Of(DaemonState.Starting) with { Stage = StartupStage.PortBound }).State);

    [Fact]
    public void Of_ADaemonThatRanBefore_HasExited() => Assert.Equal("Exited", Resource(Snapshots.Running() with { State = DaemonState.Stopped, Pid = null }).State);

    [Fact]
    public void Of_ABackoff_ShowsItsEndInLocalTime()
    {
        var resource = Resource(Snapshots.Of(DaemonState.Backoff) with { NextAttemptAt = Snapshots.At });

        Assert.Equal($"Backoff until {Snapshots.At.ToLocalTime():HH'h 'mm'm 'ss's'}", resource.State);
        Assert.Equal($"{Snapshots.At.ToLocalTime():yyyy-MM-dd HH:mm:ss}", Text(resource, "monitor.nextAttempt"));
    }

    [Fact]
    public void Of_ARunningDaemon_HasItsPropertiesUrlAndTimes()
    {
        var resource = DaemonResource.Of(Snapshots.Running(), Snapshots.At.AddSeconds(-1), ["/opt/daemon", "--port", "8768"]);

        Assert.Equal("4711", Text(resource, "executable.pid"));
        Assert.Equal("8768", Text(resource, "monitor.port"));
        Assert.Equal("2", Text(resource, "monitor.restarts"));
        Assert.Equal("312 ms", Text(resource, "monitor.startup"));
        Assert.Equal("200 ms", Text(resource, "monitor.startup.port_bound"));
        Assert.Equal("/state/monitor-daemon-8768.pid", Text(resource, "monitor.pidFile"));
        Assert.Equal("/state/monitor-daemon-8768.log", Text(resource, "monitor.logFile"));
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", Text(resource, "monitor.traceId"));
        Assert.Equal("/opt/daemon", Text(resource, "executable.path"));
        Assert.Equal(["--port", "8768"], resource.Properties.Single(p => p.Name == "executable.args").Value.ListValue.Values.Select(v => v.StringValue));
        Assert.Equal(Snapshots.At, resource.StartedAt.ToDateTimeOffset());
        Assert.Equal(Snapshots.At.AddSeconds(-1), resource.CreatedAt.ToDateTimeOffset());
        var url = Assert.Single(resource.Urls);
        Assert.Equal(("http", "http://127.0.0.1:8768", false), (url.EndpointName, url.FullUrl, url.IsInactive));
        Assert.Equal(resource.Properties.Count, resource.Properties.Select(p => p.Name).Distinct().Count());
    }

    [Fact]
    public void Of_ADaemon_HasTheNameOfItsTelemetry()
    {
        var environment = new DaemonEnvironment(null).Complete(new DaemonSpec { Name = "monitor-8768" }).Environment;

        Assert.Equal($"{environment["OTEL_SERVICE_NAME"]}-{environment["OTEL_RESOURCE_ATTRIBUTES"]!.Replace("service.instance.id=", "", StringComparison.Ordinal)}", Resource(Snapshots.Running()).Name);
    }

    [Fact]
    public void Of_AnAlert_IsNamed()
        => Assert.Equal("start-failures, crash-loop", Text(Resource(Snapshots.Running() with { Alerts = [AlertKind.StartFailures, AlertKind.CrashLoop] }), "monitor.alerts"));

    [Fact]
    public void Of_AFailure_IsExplained()
    {
        var resource = Resource(Snapshots.Of(DaemonState.Failed) with
        {
            LastFailure = new DaemonFailure
            {
                Reason = StartupReason.PortInUse,
                Stage = StartupStage.Preflight,
                Detail = "PID 99 (python3) on 127.0.0.1:8768",
                ExitCode = 3,
                LogTail = ["one", "two"],
                At = Snapshots.At,
            },
        });

        Assert.Equal("port-in-use in stage preflight: PID 99 (python3) on 127.0.0.1:8768", Text(resource, "monitor.lastFailure"));
        Assert.Equal("one\ntwo", Text(resource, "monitor.lastFailure.log"));
        Assert.Equal("3", Text(resource, "resource.exitCode"));
        Assert.True(resource.Urls[0].IsInactive);
    }

    [Fact]
    public void Of_ARunningDaemon_ReportsItsThreeChecks()
    {
        var resource = Resource(Snapshots.Running());

        Assert.Equal(["pid-file", "port", "health"], resource.HealthReports.Select(r => r.Key));
        Assert.All(resource.HealthReports, r => Assert.Equal((true, HealthStatus.Healthy), (r.HasStatus, r.Status)));
        Assert.Equal("owned by PID 4711", resource.HealthReports[1].Description);
    }

    [Fact]
    public void Of_AnUnhealthyDaemonWithPassedProbes_IsUnhealthy()
    {
        var resource = Resource(Snapshots.Running() with { State = DaemonState.Unhealthy });

        Assert.Equal(HealthStatus.Unhealthy, resource.HealthReports.Single(r => r.Key == "health").Status);
    }

    [Fact]
    public void Of_AFailedCheck_SaysWhich()
    {
        var daemon = Snapshots.Running() with { State = DaemonState.Unhealthy, Checks = [new CheckResult(CheckName.Port, false, "nobody listens", Snapshots.At)] };

        var port = Resource(daemon).HealthReports.Single(r => r.Key == "port");

        Assert.Equal((HealthStatus.Unhealthy, "nobody listens"), (port.Status, port.Description));
    }

    [Theory]
    [InlineData(DaemonState.Running, "start:Hidden stop:Enabled restart:Enabled diagnose:Enabled reset-crash-loop:Hidden")]
    [InlineData(DaemonState.Unhealthy, "start:Hidden stop:Enabled restart:Enabled diagnose:Enabled reset-crash-loop:Hidden")]
    [InlineData(DaemonState.Starting, "start:Disabled stop:Enabled restart:Disabled diagnose:Enabled reset-crash-loop:Hidden")]
    [InlineData(DaemonState.Stopping, "start:Hidden stop:Disabled restart:Disabled diagnose:Enabled reset-crash-loop:Hidden")]
    [InlineData(DaemonState.Stopped, "start:Enabled stop:Hidden restart:Disabled diagnose:Enabled reset-crash-loop:Hidden")]
    [InlineData(DaemonState.Failed, "start:Enabled stop:Hidden restart:Disabled diagnose:Enabled reset-crash-loop:Hidden")]
    [InlineData(DaemonState.Backoff, "start:Enabled stop:Enabled restart:Disabled diagnose:Enabled reset-crash-loop:Enabled")]
    [InlineData(DaemonState.CrashLooping, "start:Enabled stop:Enabled restart:Disabled diagnose:Enabled reset-crash-loop:Enabled")]
    [InlineData(DaemonState.Foreign, "start:Enabled stop:Enabled restart:Disabled diagnose:Enabled reset-crash-loop:Hidden")]
    public void Of_EachState_OffersTheCommandsThatMakeSense(DaemonState state, string expected)
        => Assert.Equal(expected, string.Join(' ', Resource(Snapshots.Of(state)).Commands.Select(c => $"{c.Name}:{c.State}")));

    [Theory]
    [InlineData(DaemonState.Running, false)]
    [InlineData(DaemonState.Stopped, false)]
    [InlineData(DaemonState.CrashLooping, true)]
    [InlineData(DaemonState.Foreign, true)]
    public void Of_AFailingDaemon_HighlightsItsDiagnosis(DaemonState state, bool button)
        => Assert.Equal(button, Resource(Snapshots.Of(state)).Commands.Single(c => c.Name == "diagnose").IsHighlighted);

    private static Resource Resource(DaemonSnapshot daemon) => DaemonResource.Of(daemon, Snapshots.At, []);

    private static string? Text(Resource resource, string property) => resource.Properties.SingleOrDefault(p => p.Name == property)?.Value.StringValue;
}
