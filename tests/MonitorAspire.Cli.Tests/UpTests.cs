using System.Globalization;
using System.Text.Json;
using MonitorAspire.Testing;

namespace MonitorAspire.Cli.Tests;

/// <summary><c>monitor up</c>: a fleet in the foreground.</summary>
public sealed class UpTests : IAsyncDisposable
{
    private readonly CliBench _bench = new();
    private readonly int _first = FreePort.Consecutive(2);

    private string First => CliBench.Text(_first);

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Up_TwoBuiltInDaemons_RunUntilInterruptedAndLeaveNothing()
    {
        await using var up = _bench.Start("up", "--count", "2", "--base-port", First);
        await up.SeenAsync($"monitor-{_first} (port {_first}) start verified, PID ");
        await up.SeenAsync($"monitor-{_first + 1} (port {_first + 1}) start verified, PID ");
        Assert.Equal(2, (await _bench.JsonAsync(0, "status", "--all", "--json")).GetArrayLength());

        up.Signal("INT");
        var result = await up.EndAsync();
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        Assert.True(FreePort.IsFree(_first) && FreePort.IsFree(_first + 1));
        Assert.False(File.Exists(_bench.File(_first, "pid")));
    }

    [Fact]
    public async Task Up_DaemonIsKilled_StartsItAgain()
    {
        await using var up = _bench.Start("up", "--config", Fleet($$"""{ "Name": "web", "Port": {{_first}}, "Command": "{{CliBench.FaultDaemon}}", "Arguments": ["--port", "{port}"] }"""));
        await up.SeenAsync("web (port");
        await up.SeenAsync("start verified");
        using (var kill = System.Diagnostics.Process.Start("kill", ["-KILL", File.ReadAllText(_bench.File(_first, "pid")).Trim()]))
        {
            await kill.WaitForExitAsync();
        }

        await Wait.UntilAsync(() => up.Out.Count(l => l.Contains("start verified", StringComparison.Ordinal)) == 2, "the second verified start");
        Assert.Contains(up.Out, l => l.Contains("web", StringComparison.Ordinal) && l.Contains("exited", StringComparison.Ordinal));
        up.Signal("TERM");
        Assert.Equal(0, (await up.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Up_Json_IsOneArrayOfEvents()
    {
        await using var up = _bench.Start("up", "--count", "1", "--base-port", First, "--json");
        await up.SeenAsync("\"start-verified\"");
        up.Signal("INT");
        using var document = JsonDocument.Parse((await up.EndAsync()).Out);
        var events = document.RootElement.EnumerateArray().ToList();
        Assert.Equal(Enumerable.Range(1, events.Count), events.Select(e => e.GetProperty("id").GetInt32()));
        Assert.Equal("Stopped", events[^1].GetProperty("daemon").GetProperty("state").GetString());
    }

    [Fact]
    public async Task Up_OnATerminal_DrawsATableThatEndsStopped()
    {
        var start = _bench.RunOnTerminalAsync(
            new() { ["TERM"] = "xterm", ["NO_COLOR"] = "1" }, "up", "--count", "1", "--base-port", First);
        await Wait.UntilAsync(async () => (await _bench.RunAsync("status", "--port", First)).ExitCode == 0, "the daemon serves");
        var supervisor = ParentOf(int.Parse(File.ReadAllText(_bench.File(_first, "pid")), CultureInfo.InvariantCulture));
        using (var kill = System.Diagnostics.Process.Start("kill", ["-INT", CliBench.Text(supervisor)]))
        {
            await kill.WaitForExitAsync();
        }

        var result = await start;
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("NAME", result.Out);
        Assert.Matches($@"monitor-{_first}\s+{_first}\s+running\s+\d+", result.Out);
        Assert.Contains("stopped", result.Out[result.Out.LastIndexOf("NAME", StringComparison.Ordinal)..]);
    }

    [Fact]
    public async Task Up_NoDaemonCanEverBeStarted_EndsAndSaysWhy()
    {
        await using var up = _bench.Start("up", "--config", Fleet($$"""{ "Name": "web", "Port": {{_first}}, "Command": "no-such-command-of-anybody" }"""));
        var result = await up.EndAsync();
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("monitor: no daemon can be started: web: command-not-found: ", result.Error);
    }

    [Theory]
    [InlineData("not json", "fleet.json: not JSON at line 1")]
    [InlineData("{}", "fleet.json: there is no section 'Monitors'")]
    [InlineData("""{ "Monitors": 3 }""", "fleet.json: Monitors: 3 is not a value for it")]
    [InlineData("""{ "Monitors": { "Count": "many" } }""", "fleet.json: Monitors:Count: \"many\" is not a value for it")]
    [InlineData("""{ "Monitors": { "Cuont": 3 } }""", "fleet.json: Monitors:Cuont: is no setting")]
    [InlineData("""{ "Monitors": { "Count": 0 } }""", "fleet.json: Monitors:Count: 0 is out of range")]
    [InlineData("""{ "Monitors": { "StartTimeout": "soon" } }""", "fleet.json: Monitors:StartTimeout: \"soon\" is not a value for it")]
    [InlineData("""{ "Monitors": { "Daemons": [ { "Port": 9000 }, { "Port": 70000 } ] } }""", "fleet.json: Monitors:Daemons:1", "70000")]
    [InlineData("""{ "Monitors": { "Daemons": [ { "Port": 9000 }, { "Port": true } ] } }""", "fleet.json: Monitors:Daemons:1:Port: true is not a value for it")]
    [InlineData("""{ "Monitors": { "Daemons": [ { "Port": 9000, "Name": "a" }, { "Port": 9000, "Name": "b" } ] } }""", "port 9000 is given to 'a' and 'b'")]
    public async Task Up_BadFile_NamesFileKeyAndValue(string content, params string[] says)
    {
        File.WriteAllText(_bench["fleet.json"], content);
        (await _bench.RunAsync("up", "--config", "fleet.json")).AssertOneLine(2, says);
        Assert.False(Directory.Exists(_bench.StateDirectory));
    }

    [Theory]
    [InlineData("up --config nowhere.json", "nowhere.json: there is no such file")]
    [InlineData("up --count 0", "'0' is not a number from 1 to 200")]
    [InlineData("up --count 10 --base-port 65530", "out of range")]
    [InlineData("up --config x.json --count 3", "--count and --config exclude each other")]
    public async Task Up_BadInput_IsOneLine(string commandLine, string says) => (await _bench.RunAsync(commandLine.Split(' '))).AssertOneLine(2, says);

    private string Fleet(string daemons)
    {
        File.WriteAllText(_bench["fleet.json"], $$"""
            {
              // Comments are fine, and so are other sections.
              "Logging": {},
              "Monitors": { "Daemons": [ {{daemons}} ], },
            }
            """);
        return _bench["fleet.json"];
    }

    private static int ParentOf(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
    }
}
