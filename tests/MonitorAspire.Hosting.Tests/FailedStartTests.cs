using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Hosting.Resources;
using MonitorAspire.Testing;

namespace MonitorAspire.Hosting.Tests;

/// <summary>Resources that do not start.</summary>
public sealed class FailedStartTests
{
    [Theory]
    [InlineData("--hang", "in stage port bound")]
    [InlineData("--status 500", "in stage health")]
    public async Task Start_ThatFailsButLives_IsStoppedAndStartedAgain(string fault, string stage)
    {
        await using var app = new SupervisedApplication(null, "--Monitors:StartTimeout=00:00:05");
        app.AddServer("server", port: null, SupervisedApplication.Eager, fault.Split(' '));
        await app.StartAsync();
        var pids = new List<int>();

        var looping = await app.UntilAsync("server", s =>
        {
            if (s.State?.Text == KnownResourceStates.Running && SupervisedApplication.Pid(s) is { } pid && !pids.Contains(pid))
            {
                pids.Add(pid);
            }

            return s.State?.Text.StartsWith("Crash-loop", StringComparison.Ordinal) == true;
        });

        Assert.Equal(3, pids.Count);
        Assert.DoesNotContain(pids, SupervisedApplication.IsAlive);
        Assert.Equal("2", SupervisedApplication.Property(looping, "monitor.restarts"));
        Assert.Contains(stage, SupervisedApplication.Property(looping, "monitor.lastFailure"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("echo the last words; exit 3")]
    [InlineData("echo the last words; sleep 0.5; exit 3")]
    public async Task Start_ProcessThatEnds_LeavesExitCodeAndLastOutput(string script)
    {
        await using var app = new SupervisedApplication();
        app.AddScript("server", script, SupervisedApplication.Eager);
        await app.StartAsync();

        var looping = await app.UntilAsync("server", s => s.State?.Text.StartsWith("Crash-loop", StringComparison.Ordinal) == true);
        var diagnosis = await app.CommandAsync("server", SupervisedCommands.Diagnose);

        Assert.Contains("exit code 3", SupervisedApplication.Property(looping, "monitor.lastFailure"), StringComparison.Ordinal);
        Assert.Contains("the last words", SupervisedApplication.Property(looping, "monitor.lastFailure.log"), StringComparison.Ordinal);
        Assert.Contains("exit code 3", diagnosis.Data!.Value, StringComparison.Ordinal);
        Assert.Contains("the last words", diagnosis.Data.Value, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stop")]
    [InlineData(SupervisedCommands.StopRetrying)]
    public async Task CrashLoop_Stop_EndsTheRetriesUntilAPersonStartsIt(string command)
    {
        var policy = SupervisedApplication.Eager with { MaxDelay = TimeSpan.FromSeconds(3) };
        await using var app = new SupervisedApplication();
        app.AddScript("server", "exit 3", policy);
        await app.StartAsync();
        var looping = await app.UntilAsync("server", s => s.State?.Text.StartsWith("Crash-loop, next try ", StringComparison.Ordinal) == true);
        Assert.Equal(ResourceCommandState.Enabled, SupervisedApplication.Command(looping, KnownResourceCommands.StopCommand));
        Assert.Equal(ResourceCommandState.Enabled, SupervisedApplication.Command(looping, KnownResourceCommands.StartCommand));
        Assert.Equal(ResourceCommandState.Enabled, SupervisedApplication.Command(looping, SupervisedCommands.StopRetrying));
        Assert.Equal([KnownResourceCommands.StartCommand, KnownResourceCommands.StopCommand], Icons(looping));
        Assert.Null(looping.HealthStatus);

        var stopped = await app.CommandAsync("server", command);

        Assert.True(stopped.Success, stopped.Message);
        var ended = await app.UntilAsync("server", s => SupervisedApplication.Property(s, "monitor.state") == "stopped" && KnownResourceStates.TerminalStates.Contains(s.State?.Text));
        Assert.Equal(ResourceCommandState.Hidden, SupervisedApplication.Command(ended, SupervisedCommands.StopRetrying));
        Assert.Equal(ResourceCommandState.Hidden, SupervisedApplication.Command(ended, KnownResourceCommands.StopCommand));
        var seen = SupervisedApplication.Pid(ended);

        // The next try of the crash loop would have come meanwhile.
        await Task.Delay(policy.MaxDelay * 1.5, app.Limit);
        Assert.Equal(seen, SupervisedApplication.Pid((await app.UntilAsync("server", _ => true))));

        Assert.True((await app.CommandAsync("server", KnownResourceCommands.StartCommand)).Success);
        await app.UntilAsync("server", s => s.State?.Text.StartsWith("Crash-loop", StringComparison.Ordinal) == true && SupervisedApplication.Pid(s) != seen);
    }

    [Fact]
    public async Task Healthy_AfterFailedStarts_SaysNothingOfFailuresInARow()
    {
        using var directory = new TemporaryDirectory();
        await using var app = new SupervisedApplication();
        var script = $"echo >> '{directory["starts"]}'; [ $(wc -l < '{directory["starts"]}') -lt 3 ] && exit 3; exec '{SupervisedApplication.FaultDaemon}' --port $PORT";
        app.AddScript("server", script, SupervisedApplication.Eager with { Budget = 10, InitialDelay = TimeSpan.FromSeconds(1) });
        await app.StartAsync();
        await app.UntilAsync("server", s => Words(s).Any(text => text.Contains("2 failures in a row", StringComparison.Ordinal)));

        var healthy = await app.HealthyAsync("server");

        // The supervisor counts them until the server has been well for a while.
        using var client = new HttpClient();
        var daemons = await client.GetFromJsonAsync<JsonElement>(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{app.SupervisorPort}/api/daemons")), app.Limit);
        Assert.Equal(2, daemons[0].GetProperty("consecutiveFailures").GetInt32());
        Assert.Equal("running", SupervisedApplication.Property(healthy, "monitor.state"));
        Assert.DoesNotContain(healthy.Properties, p => p.Name == "monitor.consecutiveFailures");
        Assert.DoesNotContain(Words(healthy), text => text.Contains("in a row", StringComparison.Ordinal));
        Assert.Equal([KnownResourceCommands.StopCommand, SupervisedCommands.Diagnose], Icons(healthy));

        static IEnumerable<string> Words(CustomResourceSnapshot s) => s.Properties.Select(p => $"{p.Value}").Concat(s.HealthReports.Select(r => $"{r.Description}")).Append($"{s.State?.Text}");
    }

    // The dashboard has icons for the first two highlighted commands that are offered.
    private static IEnumerable<string> Icons(CustomResourceSnapshot s) =>
        s.Commands.Where(c => c.IsHighlighted && c.State != ResourceCommandState.Hidden).Take(2).Select(c => c.Name);

    [Fact]
    public async Task Start_StoppedInAspireBeforeItIsVerified_StaysStopped()
    {
        await using var app = new SupervisedApplication(null, "--Monitors:StartTimeout=00:02:00");
        app.AddServer("server", port: null, SupervisedApplication.Eager, "--hang");
        await app.StartAsync();
        var starting = await app.UntilAsync("server", s => s.State?.Text == KnownResourceStates.Running && SupervisedApplication.Property(s, "monitor.state")?.StartsWith("starting: port_bound", StringComparison.Ordinal) == true);

        Assert.True((await app.CommandAsync("server", KnownResourceCommands.StopCommand)).Success);

        var ended = await app.UntilAsync("server", s => SupervisedApplication.Property(s, "monitor.state") == "stopped");
        Assert.Equal("0", SupervisedApplication.Property(ended, "monitor.restarts"));
        Assert.False(SupervisedApplication.IsAlive(SupervisedApplication.Pid(starting)!.Value));
    }
}
