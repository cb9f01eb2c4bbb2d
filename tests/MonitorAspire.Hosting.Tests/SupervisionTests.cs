using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Hosting.Launching;
using MonitorAspire.Hosting.Resources;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Launcher;

namespace MonitorAspire.Hosting.Tests;

public class SupervisionTests
{
    [Fact]
    public void WithSupervision_Executable_HasThreeReportsAndItsCommands()
    {
        var server = DistributedApplication.CreateBuilder([]).AddExecutable("web", "node", ".").WithHttpEndpoint(env: "PORT").WithSupervision();

        Assert.Equal(["web-pid-file", "web-port", "web-health"], server.Resource.Annotations.OfType<HealthCheckAnnotation>().Select(h => h.Key));
        Assert.Equal(
            [SupervisedCommands.Diagnose, SupervisedCommands.ResetCrashLoop, SupervisedCommands.StopRetrying],
            server.Resource.Annotations.OfType<ResourceCommandAnnotation>().Select(c => c.Name));
    }

    [Fact]
    public void WithSupervision_Twice_Throws()
    {
        var server = DistributedApplication.CreateBuilder([]).AddExecutable("web", "node", ".").WithHttpEndpoint(env: "PORT").WithSupervision();

        var e = Assert.Throws<DistributedApplicationException>(() => server.WithSupervision());

        Assert.Contains("'web' is under supervision already", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithSupervision_Container_ThrowsWithTheReason()
    {
        var cache = DistributedApplication.CreateBuilder([]).AddContainer("cache", "redis").WithHttpEndpoint(targetPort: 6379);

        var e = Assert.Throws<DistributedApplicationException>(() => cache.WithSupervision());

        Assert.Contains("container", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithSupervision_MemoryLimitAndFiles_AreInTheDefinition()
    {
        var builder = DistributedApplication.CreateBuilder([]);
        builder.AddExecutable("web", "node", ".").WithHttpEndpoint(port: 9000, env: "PORT", isProxied: false).WithSupervision(options =>
        {
            options.MemoryLimitBytes = 512 << 20;
            options.RestartOnChange = new RestartOnChange { Paths = ["/srv/web/server.js"] };
        });

        var spec = Assert.Single(SupervisedResource.AllOf(new DistributedApplicationModel(builder.Resources))).Spec!;

        Assert.Equal((512L << 20, "/srv/web/server.js"), (spec.MemoryLimitBytes, Assert.Single(spec.RestartOnChange!.Paths)));
    }

    [Theory]
    [InlineData("User", "is for a daemon that the supervisor launches")]
    [InlineData("Umask", "an AppHost sets it for its own resources")]
    [InlineData("Limits", "an AppHost sets it for its own resources")]
    [InlineData("EnvironmentFiles", "an AppHost sets it for its own resources")]
    [InlineData("MemoryLimitBytes", "out of range")]
    [InlineData("RestartOnChange", "is not absolute")]
    public void WithSupervision_WhatOnlyALauncherCanDo_ThrowsWithTheReason(string key, string expected)
    {
        var server = DistributedApplication.CreateBuilder([]).AddExecutable("web", "node", ".").WithHttpEndpoint(env: "PORT");

        var e = Assert.Throws<DistributedApplicationException>(() => server.WithSupervision(options => _ = key switch
        {
            "User" => options.User = "nobody",
            "Umask" => options.Umask = "027",
            "Limits" => (object)(options.Limits = new ResourceLimits { Core = "0" }),
            "EnvironmentFiles" => options.EnvironmentFiles = ["web.env"],
            "MemoryLimitBytes" => options.MemoryLimitBytes = 1,
            _ => options.RestartOnChange = new RestartOnChange { Paths = ["server.js"] },
        }));

        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Endpoint_Https_IsCheckedOverHttpsWithTheOptionsOfTheUser()
    {
        var builder = DistributedApplication.CreateBuilder([]);
        builder.AddExecutable("web", "node", ".").WithHttpsEndpoint(port: 9000, env: "PORT", isProxied: false)
            .WithSupervision(options => options.Health = new HealthCheck { Statuses = [204] }, "https");
        builder.AddExecutable("cache", "redis-server", ".").WithEndpoint(port: 9001, scheme: "tcp", name: "tcp", isProxied: false)
            .WithSupervision(options => options.Health = new HealthCheck { Kind = HealthCheckKind.Tcp }, "tcp");

        var supervised = SupervisedResource.AllOf(new DistributedApplicationModel(builder.Resources));

        Assert.Equal([HealthCheckKind.Https, HealthCheckKind.Tcp], supervised.Select(s => s.Spec!.Health.Kind));
        Assert.Equal(204, Assert.Single(supervised[0].Spec!.Health.Statuses));
    }

    [Fact]
    public void Endpoint_AnotherSchemeWithoutACheck_SaysWhatToSet()
    {
        var builder = DistributedApplication.CreateBuilder([]);
        builder.AddExecutable("cache", "redis-server", ".").WithEndpoint(port: 9001, scheme: "tcp", name: "tcp", isProxied: false).WithSupervision(endpointName: "tcp");

        var e = Assert.Throws<DistributedApplicationException>(() => SupervisedResource.AllOf(new DistributedApplicationModel(builder.Resources)));

        Assert.Contains("HealthCheckKind.Tcp", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithSupervision_BadPolicy_NamesTheKey()
    {
        var server = DistributedApplication.CreateBuilder([]).AddExecutable("web", "node", ".").WithHttpEndpoint(env: "PORT");

        var e = Assert.Throws<DistributedApplicationException>(() => server.WithSupervision(options => options.Restart = new() { Budget = 0 }));

        Assert.Contains("Budget", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Port")]
    [InlineData("Command")]
    [InlineData("Launch")]
    public void WithSupervision_PropertyOfTheResource_IsRefused(string name)
    {
        var server = DistributedApplication.CreateBuilder([]).AddExecutable("web", "node", ".").WithHttpEndpoint(env: "PORT");

        var e = Assert.Throws<DistributedApplicationException>(() => server.WithSupervision(
            definition => typeof(DaemonDefinition).GetProperty(name)!.SetValue(definition, name switch { "Port" => 9000, "Command" => "x", _ => LaunchMode.Supervisor })));

        Assert.Contains("cannot be set", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reporter_StopThatTheSupervisorAskedFor_IsNotAPersons()
    {
        using var traces = new LaunchTraces(TimeProvider.System);
        var reporter = new LaunchReporter(null!, null!, traces, null!, Microsoft.Extensions.Logging.Abstractions.NullLogger<LaunchReporter>.Instance);
        LauncherReport? sent = null;
        reporter.Attach(message => sent = (LauncherReport)message);

        reporter.Report(new LauncherReport { Daemon = "web", State = LauncherState.Running, Pid = 7 });
        reporter.ExpectStop("web");
        reporter.AnnounceStop("web");
        Assert.Equal((LauncherState.Stopping, false), (sent!.State, sent.OnPurpose));
        reporter.Report(new LauncherReport { Daemon = "web", State = LauncherState.Ended, Pid = 7, OnPurpose = true });
        Assert.Equal((LauncherState.Ended, false), (sent.State, sent.OnPurpose));

        // The next process, and one whose stop has failed, are stopped by a person.
        reporter.Report(new LauncherReport { Daemon = "web", State = LauncherState.Running, Pid = 8 });
        reporter.AnnounceStop("web");
        Assert.True(sent.OnPurpose);
        reporter.Report(new LauncherReport { Daemon = "web", State = LauncherState.Running, Pid = 9 });
        reporter.ExpectStop("web");
        reporter.ForgetStop("web");
        reporter.AnnounceStop("web");
        Assert.True(sent.OnPurpose);
    }

    [Fact]
    public void Tracker_CrashStopAndRelaunch_AreToldApart()
    {
        var tracker = new LaunchTracker("web");
        Assert.Equal(LauncherState.Waiting, tracker.Observe(Snapshot("Starting", null))!.State);
        Assert.Null(tracker.Observe(Snapshot("Running", null)));
        Assert.Equal(7, tracker.Observe(Snapshot("Running", 7))!.Pid);
        Assert.Null(tracker.Observe(Snapshot("Running", 7)));

        var crash = tracker.Observe(Snapshot("Finished", 7, exitCode: 137))!;
        Assert.Equal((LauncherState.Ended, 7, 137, false), (crash.State, crash.Pid!.Value, crash.ExitCode!.Value, crash.OnPurpose));
        Assert.Null(tracker.Observe(Snapshot("Exited", 7)));

        Assert.Equal(8, tracker.Observe(Snapshot("Running", 8))!.Pid);
        Assert.Equal(LauncherState.Stopping, tracker.Observe(Snapshot("Stopping", 8))!.State);
        Assert.True(tracker.Observe(Snapshot("Finished", 8))!.OnPurpose);
    }

    [Fact]
    public void Tracker_ProcessThatEndedBeforeItsPidWasSeen_HasEnded()
    {
        var tracker = new LaunchTracker("web");
        tracker.Observe(Snapshot("Starting", null));

        var end = tracker.Observe(Snapshot("Finished", null, exitCode: 3))!;

        Assert.Equal((LauncherState.Ended, null, 3), (end.State, end.Pid, end.ExitCode!.Value));
        Assert.Null(tracker.Observe(Snapshot("Finished", null, exitCode: 3)));
        Assert.Null(tracker.Observe(Snapshot("Crash-loop, next try 12:30:07", null)));
    }

    private static CustomResourceSnapshot Snapshot(string state, int? pid, int? exitCode = null) => new()
    {
        ResourceType = "Executable",
        State = state,
        ExitCode = exitCode,
        Properties = pid is null ? [] : [new ResourcePropertySnapshot("executable.pid", pid)],
    };
}
