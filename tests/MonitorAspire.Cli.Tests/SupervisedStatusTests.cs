using MonitorAspire.Testing;

namespace MonitorAspire.Cli.Tests;

/// <summary><c>monitor status</c> of a fleet whose supervisor runs: what a daemon waits for, and when it is tried again.</summary>
public sealed class SupervisedStatusTests : IAsyncDisposable
{
    private readonly CliFixture _cli = new();
    private readonly int _first = FreePort.Consecutive(3);

    private string SupervisorPort => CliFixture.Text(_first + 2);

    public ValueTask DisposeAsync() => _cli.DisposeAsync();

    [Fact]
    public async Task Status_OneBacksOffAndOneWaitsForIt_SaysBothAndWhy()
    {
        await using var up = await UpAsync();

        CliResult status = null!;
        await Wait.UntilAsync(async () => (status = await _cli.RunAsync("status", "--all")).Out.Contains("next try in", StringComparison.Ordinal), "the next try in the status");

        Assert.Equal(4, status.ExitCode);
        Assert.Matches($@"db\s+{_first}\s+(back-off|crash loop), next try in \d+m", status.Out);
        Assert.Matches(@"db: (1 failure|\d failures in a row), last failure: exited-prematurely: .*exit code 7", status.Out);
        Assert.Matches($@"api\s+{_first + 1}\s+waiting for db", status.Out);

        var json = await _cli.JsonUntilAsync(4, "status", "--all", "--json");
        Assert.Equal(["db"], json[1].GetProperty("supervisor").GetProperty("waitingFor").EnumerateArray().Select(n => n.GetString()));
        Assert.Equal("exited-prematurely", json[0].GetProperty("supervisor").GetProperty("lastFailure").GetString());

        // A daemon that was never started is known by its name as well.
        var named = await _cli.RunUntilAsync(4, "status", "api");
        Assert.Contains("waiting for db", named.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_NeverServedAndRestarted_HasTheNumberOfItsSupervisor()
    {
        File.WriteAllText(_cli["fleet.json"], $$"""
            { "Monitors": { "Restart": { "InitialDelay": "00:00:00.01", "MaxDelay": "00:10:00", "Budget": 3 }, "Daemons": [
              { "Name": "db", "Port": {{_first}}, "Command": "sh", "Arguments": ["-c", "exit 7"] } ] } }
            """);
        await using var up = _cli.Start("up", "--supervisor-port", SupervisorPort, "--config", "fleet.json");
        await up.SeenAsync("crash loop");

        var json = await _cli.JsonUntilAsync(4, "status", "db", "--json");
        Assert.True(json.GetProperty("restarts").GetInt32() >= 2, json.ToString());
        Assert.Matches($@"db\s+{_first}\s+crash loop.*\s[2-9]\n", (await _cli.RunUntilAsync(4, "status", "db")).Out);
    }

    [Fact]
    public async Task StatusWatch_SupervisorHangs_SaysThatItDoesNotAnswer()
    {
        await using var up = await UpAsync();
        var supervisor = await _cli.SupervisorPidAsync();
        CliFixture.Signal(supervisor, "STOP");
        try
        {
            await using var watch = _cli.Start("status", "--all", "--watch", "--interval", "100ms");
            await watch.SeenAsync($"the supervisor (PID {supervisor}, port {SupervisorPort}) does not answer within 2 s");
            CliFixture.Signal(supervisor, "CONT");
            await watch.SeenAsync("waiting for db");
        }
        finally
        {
            CliFixture.Signal(supervisor, "CONT");
        }
    }

    private async Task<RunningCli> UpAsync()
    {
        File.WriteAllText(_cli["fleet.json"], $$"""
            { "Monitors": { "Restart": { "InitialDelay": "00:05:00", "MaxDelay": "00:10:00" }, "Daemons": [
              { "Name": "db", "Port": {{_first}}, "Command": "sh", "Arguments": ["-c", "exit 7"] },
              { "Name": "api", "Port": {{_first + 1}}, "Command": "{{CliFixture.FaultDaemon}}", "Arguments": ["--port", "{port}"], "DependsOn": [{ "Name": "db" }] } ] } }
            """);
        var up = _cli.Start("up", "--supervisor-port", SupervisorPort, "--config", "fleet.json");
        await up.SeenAsync("exit code 7");
        return up;
    }
}
