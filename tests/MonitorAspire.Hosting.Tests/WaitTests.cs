using System.Net;
using System.Net.Sockets;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using MonitorAspire.Testing;

namespace MonitorAspire.Hosting.Tests;

/// <summary>Supervised resources that wait for others, and that others wait for.</summary>
public sealed class WaitTests
{
    // Aspire's start of an application waits for all that wait.
    [Fact]
    public async Task WaitForCompletion_BothDirections_WaitsForTheEndOfTheOther()
    {
        using var directory = new TemporaryDirectory();
        await using var app = new SupervisedApplication();
        var migration = app.Builder.AddExecutable("migration", "/bin/sh", directory.Path, "-c", "while [ ! -e migrated ]; do sleep 0.1; done");
        var server = app.AddServer("server").WaitForCompletion(migration);
        app.Builder.AddExecutable("report", "sleep", ".", "1000").WaitForCompletion(server);
        var starting = app.StartAsync();
        await app.UntilAsync("migration", s => s.State?.Text == KnownResourceStates.Running);
        Assert.Null(SupervisedApplication.Pid(await app.UntilAsync("server", s => s.State?.Text == KnownResourceStates.Waiting)));
        await app.UntilAsync("server", s => SupervisedApplication.Property(s, "monitor.state") == "waits for migration");

        await File.WriteAllTextAsync(directory["migrated"], "");

        await app.HealthyAsync("server");
        Assert.Null(SupervisedApplication.Pid(await app.UntilAsync("report", s => s.State?.Text == KnownResourceStates.Waiting)));
        Assert.True((await app.CommandAsync("server", KnownResourceCommands.StopCommand)).Success);
        await app.UntilAsync("report", s => s.State?.Text == KnownResourceStates.Running);
        await starting;
    }

    [Fact]
    public async Task Launch_PortIsTakenDuringTheWait_IsRefusedWithTheOwner()
    {
        using var directory = new TemporaryDirectory();
        var port = FreePort.Next();
        await using var app = new SupervisedApplication();
        var migration = app.Builder.AddExecutable("migration", "/bin/sh", directory.Path, "-c", "while [ ! -e migrated ]; do sleep 0.1; done");
        app.AddServer("server", port).WaitForCompletion(migration);
        var starting = app.StartAsync();
        await app.UntilAsync("server", s => s.State?.Text == KnownResourceStates.Waiting);
        using var other = new TcpListener(IPAddress.Loopback, port);
        other.Start();

        await File.WriteAllTextAsync(directory["migrated"], "");

        var refused = await app.UntilAsync("server", s => s.State?.Text == KnownResourceStates.FailedToStart && SupervisedApplication.Property(s, "monitor.refused") is not null);
        Assert.Contains($"PID {Environment.ProcessId}", SupervisedApplication.Property(refused, "monitor.refused"), StringComparison.Ordinal);
        await starting;
    }

    [Fact]
    public async Task WaitFor_InACircle_IsRefusedWithTheNames()
    {
        await using var app = new SupervisedApplication();
        var catalog = app.AddServer("catalog");
        var orders = app.AddServer("orders").WaitFor(catalog);
        catalog.WaitFor(orders);

        var e = await Assert.ThrowsAsync<DistributedApplicationException>(app.StartAsync);

        Assert.Contains("catalog -> orders -> catalog", e.Message, StringComparison.Ordinal);
    }

    /// <summary>At the end of an application, what waits for others can still use them, also when Aspire has not seen yet that it runs.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stop_ResourcesThatWait_EndBeforeThoseThatTheyWaitFor(bool starting)
    {
        using var directory = new TemporaryDirectory();
        var app = new SupervisedApplication();
        await using (app)
        {
            var server = app.AddServer("server");
            var between = AddScript("between").WaitFor(server);
            var last = AddScript("last").WaitForStart(between);
            await app.StartAsync();
            await NoteAsync("between", "server");
            await NoteAsync("last", "between");
            await app.UntilAsync("last", s => s.State?.Text == KnownResourceStates.Running);
            if (starting)
            {
                await app.App.ResourceNotifications.PublishUpdateAsync(last.Resource, s => s with { State = KnownResourceStates.Starting });
            }
        }

        Assert.True(File.Exists(directory["between.well"]), "the server had ended before");
        Assert.True(File.Exists(directory["last.well"]), "the script between had ended before");

        // It ends a second after it is told to, and notes whether the process still lives that it needs.
        IResourceBuilder<ExecutableResource> AddScript(string name) => app.Builder.AddExecutable(
            name, "/bin/sh", directory.Path, "-c",
            $"trap 'sleep 1; kill -0 $(cat {name}.needs) && echo > {name}.well; exit 0' TERM; echo > {name}.ready; while :; do sleep 0.1; done");

        async Task NoteAsync(string name, string needed)
        {
            await Wait.UntilAsync(() => File.Exists(directory[$"{name}.ready"]), $"the start of {name}");
            var running = await app.UntilAsync(needed, s => s.State?.Text == KnownResourceStates.Running && SupervisedApplication.Pid(s) is not null);
            await File.WriteAllTextAsync(directory[$"{name}.needs"], $"{SupervisedApplication.Pid(running)}");
        }
    }

    [Fact]
    public async Task WaitForStart_BothDirections_NeedsNoVerifiedStart()
    {
        await using var app = new SupervisedApplication(null, "--Monitors:StartTimeout=00:10:00");
        var other = app.Builder.AddExecutable("other", "sleep", ".", "1000").WithExplicitStart();
        var silent = app.AddServer("silent", port: null, restart: null, "--hang").WaitForStart(other);
        app.AddServer("server").WaitForStart(silent);
        var starting = app.StartAsync();
        foreach (var name in new[] { "silent", "server" })
        {
            Assert.Null(SupervisedApplication.Pid(await app.UntilAsync(name, s => s.State?.Text == KnownResourceStates.Waiting)));
        }

        Assert.True((await app.CommandAsync("other", KnownResourceCommands.StartCommand)).Success);

        await app.HealthyAsync("server");
        Assert.NotEqual(HealthStatus.Healthy, (await app.UntilAsync("silent", s => s.State?.Text == KnownResourceStates.Running)).HealthStatus);
        await starting;
    }

    /// <summary>Aspire's default with a dashboard. Without one, a resource that waits fails when the other one ends before it was seen running.</summary>
    [Fact]
    public async Task WaitFor_FirstStartsEndAtOnce_GoesOnWaitingUntilOneIsVerified()
    {
        using var directory = new TemporaryDirectory();
        await using var app = new SupervisedApplication();
        var script = $"echo >> '{directory["starts"]}'; [ $(wc -l < '{directory["starts"]}') -lt 3 ] && exit 3; exec '{SupervisedApplication.FaultDaemon}' --port $PORT";
        var server = app.AddScript("server", script, SupervisedApplication.Eager with { Budget = 10 });
        app.Builder.AddExecutable("report", "sleep", ".", "1000").WaitFor(server, WaitBehavior.WaitOnResourceUnavailable);
        await app.StartAsync();

        await app.UntilAsync("report", s => s.State?.Text == KnownResourceStates.Running);

        Assert.Equal("2", SupervisedApplication.Property(await app.HealthyAsync("server"), "monitor.restarts"));
    }
}
