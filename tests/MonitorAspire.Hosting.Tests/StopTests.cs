using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Testing;

namespace MonitorAspire.Hosting.Tests;

/// <summary>A person stops or restarts a resource with Aspire's own commands.</summary>
public sealed class StopTests
{
    /// <summary>Many servers close their port as soon as they are asked to end, and finish their work after that.</summary>
    [Theory]
    [InlineData("stop")]
    [InlineData("restart")]
    public async Task Command_ServerClosesItsPortBeforeItEnds_IsNoFailure(string command)
    {
        using var directory = new TemporaryDirectory();
        await using var app = new SupervisedApplication(null, "--Monitors:Probe:Interval=00:00:00.1");
        app.AddServer("server", port: null, SupervisedApplication.Eager, "--drain", directory["drained"]);
        await app.StartAsync();
        var before = SupervisedApplication.Pid(await app.HealthyAsync("server"));

        var done = app.CommandAsync("server", command);
        await app.UntilAsync("server", s => SupervisedApplication.Property(s, "monitor.state")?.StartsWith("stopping", StringComparison.Ordinal) == true);
        await File.WriteAllTextAsync(directory["drained"], "", app.Limit);

        Assert.True((await done).Success);
        var after = command == "stop"
            ? await app.UntilAsync("server", s => SupervisedApplication.Property(s, "monitor.state") == "stopped" && KnownResourceStates.TerminalStates.Contains(s.State?.Text))
            : await app.UntilAsync("server", s => SupervisedApplication.Property(s, "monitor.state") == "running" && SupervisedApplication.Pid(s) != before);
        Assert.Equal(("0", ""), (SupervisedApplication.Property(after, "monitor.restarts"), SupervisedApplication.Property(after, "monitor.lastFailure")));
        Assert.False(SupervisedApplication.IsAlive(before!.Value));
    }
}
