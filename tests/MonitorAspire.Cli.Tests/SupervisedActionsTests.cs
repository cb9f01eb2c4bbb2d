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

    [Fact]
    public async Task Reload_ChangedWrongAndUnchangedFile_SaysWhatItDid()
    {
        await using var up = await UpAsync();
        var port = CliFixture.Text(_first + 3);
        var before = await File.ReadAllTextAsync(_cli["fleet.json"]);

        // The supervisor reads it by itself as well, and then nothing is left to change.
        await File.WriteAllTextAsync(_cli["fleet.json"], before.Replace("\"spare\"", "\"other\"", StringComparison.Ordinal));
        var changed = await _cli.RunAsync("reload");
        Assert.Equal(("", 0), (changed.Error, changed.ExitCode));
        Assert.StartsWith($"http://127.0.0.1:{port}: ", changed.Out);
        Assert.EndsWith("the changed configuration is applied: added: other; removed: spare", changed.Out);
        await up.SeenAsync("the changed configuration is applied: added: other; removed: spare");

        Assert.StartsWith($"http://127.0.0.1:{port}: nothing has changed since ", (await _cli.RunAsync("reload", "--supervisor-port", port)).Out);
        var json = Assert.Single((await _cli.JsonAsync(0, "reload", "--json")).EnumerateArray());
        Assert.Empty(json.GetProperty("added").EnumerateArray());

        await File.WriteAllTextAsync(_cli["fleet.json"], "{ no json");
        for (var i = 0; i < 2; i++)
        {
            (await _cli.RunAsync("reload")).AssertOneLine(2, $"the supervisor at http://127.0.0.1:{port}/: The configuration is wrong, nothing was changed: ", "fleet.json", "not JSON at line 1");
        }

        await File.WriteAllTextAsync(_cli["fleet.json"], before);
        Assert.Equal(0, (await _cli.RunAsync("reload")).ExitCode);
        Assert.Equal(0, (await _cli.RunAsync("status", "web")).ExitCode);
    }

    [Fact]
    public async Task Reload_NoSupervisor_IsAnError() => (await _cli.RunAsync("reload")).AssertOneLine(1, $"no supervisor runs in {_cli.StateDirectory}");

    [Fact]
    public async Task Reset_DaemonInBackOff_IsTriedAtOnceAndOthersAreRefused()
    {
        await using var up = await UpAsync();
        await Wait.UntilAsync(async () => State(await DaemonAsync("db", exitCode: 4)) == "Backoff", "db is in back-off");
        var before = up.Out.Count(line => line.Contains("exit code 7", StringComparison.Ordinal));

        var reset = await _cli.RunAsync("reset", "db");
        Assert.Equal(("", 0), (reset.Error, reset.ExitCode));
        Assert.StartsWith("db: its failures are forgotten; it is ", reset.Out);
        await Wait.UntilAsync(() => up.Out.Count(line => line.Contains("exit code 7", StringComparison.Ordinal)) > before, "the next try");
        Assert.Equal("db", (await _cli.JsonAsync(0, "reset", "--port", CliFixture.Text(_first + 1), "--json")).GetProperty("name").GetString());

        (await _cli.RunAsync("reset", "spare")).AssertOneLine(1, "refuses to reset spare", "in no crash loop");
        (await _cli.RunAsync("reset", "--port", CliFixture.Text(_first + 3))).AssertOneLine(2, "no supervisor looks after a daemon on port");
    }

    // A daemon that is stopped without its supervisor is started again as soon as the supervisor goes on.
    [Fact]
    public async Task StopStartRestart_SupervisorHangs_AreRefused()
    {
        await using var up = await UpAsync();
        var before = await DaemonAsync("web");
        var supervisor = await _cli.SupervisorPidAsync();
        CliFixture.Signal(supervisor, "STOP");
        try
        {
            string[][] commands = [["stop", "web"], ["stop", "--all"], ["restart", "web"], ["restart", "--all"], ["start", "--force", "--port", CliFixture.Text(_first)], ["reset", "--port", CliFixture.Text(_first + 1)], ["reload"]];
            foreach (var result in await Task.WhenAll(commands.Select(_cli.RunAsync)))
            {
                result.AssertOneLine(1, $"the supervisor (PID {supervisor}, port {_first + 3}) does not answer within 15 s", "nothing was done", $"kill -9 {supervisor}");
            }
        }
        finally
        {
            CliFixture.Signal(supervisor, "CONT");
        }

        await Wait.UntilAsync(async () => (await _cli.RunAsync("status", "web")).ExitCode == 0, "web serves");
        Assert.Equal(Pid(before), Pid(await DaemonAsync("web")));
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

    private Task<JsonElement> DaemonAsync(string name, int exitCode = 0) => _cli.JsonUntilAsync(exitCode, "status", name, "--json");

    private static int Pid(JsonElement daemon) => daemon.GetProperty("pid").GetInt32();

    private static string? State(JsonElement daemon) => daemon.GetProperty("supervisor").GetProperty("state").GetString();
}
