using System.Text.Json;
using MonitorAspire.Testing;

namespace MonitorAspire.Cli.Tests;

/// <summary>Commands about daemons that a running supervisor looks after: it carries them out, as its configuration says.</summary>
public sealed class SupervisedActionsTests : IAsyncDisposable
{
    private readonly CliFixture _cli = new();
    private readonly int _first = FreePort.Consecutive(4);

    public ValueTask DisposeAsync() => _cli.DisposeAsync();

    [Fact]
    public async Task StopStartRestart_OfAFleet_AreCarriedOutByItsSupervisor()
    {
        await using var up = await UpAsync();

        var before = await DaemonAsync("web");
        Assert.Equal(0, (await _cli.RunAsync("restart", "web")).ExitCode);
        var restarted = await DaemonAsync("web");
        Assert.NotEqual(Pid(before), Pid(restarted));
        Assert.Contains("COLOUR=blue\0", await File.ReadAllTextAsync($"/proc/{Pid(restarted)}/environ"), StringComparison.Ordinal);

        var stop = await _cli.RunAsync("stop", "web");
        Assert.Equal(0, stop.ExitCode);
        Assert.Contains($"port {_first} is free", stop.Out, StringComparison.Ordinal);
        Assert.Equal("Stopped", State(await DaemonAsync("web", exitCode: 3)));

        Assert.Equal(0, (await _cli.RunAsync("start", "web")).ExitCode);
        var started = await DaemonAsync("web");
        Assert.Equal("Running", State(started));
        Assert.Contains("COLOUR=blue\0", await File.ReadAllTextAsync($"/proc/{Pid(started)}/environ"), StringComparison.Ordinal);

        // Only the supervisor knows these names.
        Assert.Equal(0, (await _cli.RunAsync("start", "spare")).ExitCode);
        Assert.Contains("cannot open", (await _cli.RunAsync("logs", "db")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restart_OtherCommandForAFleet_IsRefused()
    {
        await using var up = await UpAsync();
        var before = await DaemonAsync("web");

        foreach (var arguments in (string[][])[["restart", "web", "--", "sleep", "60"], ["start", "--force", "--port", CliFixture.Text(_first), "--", "sleep", "60"]])
        {
            var result = await _cli.RunAsync(arguments);

            Assert.Equal(2, result.ExitCode);
            Assert.Contains("its command is changed in the supervisor's configuration", result.Error, StringComparison.Ordinal);
        }

        Assert.Equal(Pid(before), Pid(await DaemonAsync("web")));
    }

    [Fact]
    public async Task WaitAll_FleetWithADaemonThatCannotStart_DoesNotSayThatAllServe()
    {
        await using var up = await UpAsync();

        var wait = await _cli.RunAsync("wait", "--all", "--timeout", "1s");

        Assert.NotEqual(0, wait.ExitCode);
        Assert.Contains("db does not serve", wait.Error, StringComparison.Ordinal);
    }

    private async Task<RunningCli> UpAsync()
    {
        File.WriteAllText(_cli["fleet.json"], $$"""
            { "Monitors": { "Restart": { "InitialDelay": "00:05:00", "MaxDelay": "00:10:00" }, "Daemons": [
              { "Name": "web", "Port": {{_first}}, "Command": "{{CliFixture.FaultDaemon}}", "Arguments": ["--port", "{port}"], "Environment": { "COLOUR": "blue" } },
              { "Name": "db", "Port": {{_first + 1}}, "Command": "sh", "Arguments": ["-c", "echo cannot open; exit 7"] },
              { "Name": "spare", "Port": {{_first + 2}}, "Command": "{{CliFixture.FaultDaemon}}", "Arguments": ["--port", "{port}"], "AutoStart": false } ] } }
            """);
        var up = _cli.Start("up", "--supervisor-port", CliFixture.Text(_first + 3), "--config", "fleet.json");
        await up.SeenAsync("exit code 7");
        await Wait.UntilAsync(async () => (await _cli.RunAsync("status", "web")).ExitCode == 0, "web serves");
        return up;
    }

    private Task<JsonElement> DaemonAsync(string name, int exitCode = 0) => _cli.JsonAsync(exitCode, "status", name, "--json");

    private static int Pid(JsonElement daemon) => daemon.GetProperty("pid").GetInt32();

    private static string? State(JsonElement daemon) => daemon.GetProperty("supervisor").GetProperty("state").GetString();
}
