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

        await File.WriteAllTextAsync(directory["migrated"], "");

        await app.HealthyAsync("server");
        Assert.Null(SupervisedApplication.Pid(await app.UntilAsync("report", s => s.State?.Text == KnownResourceStates.Waiting)));
        Assert.True((await app.CommandAsync("server", KnownResourceCommands.StopCommand)).Success);
        await app.UntilAsync("report", s => s.State?.Text == KnownResourceStates.Running);
        await starting;
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
