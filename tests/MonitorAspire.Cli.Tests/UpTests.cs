using System.Globalization;
using System.Text.Json;
using MonitorAspire.Testing;

namespace MonitorAspire.Cli.Tests;

/// <summary><c>monitor up</c>: a fleet in the foreground.</summary>
public sealed class UpTests : IAsyncDisposable
{
    private readonly CliFixture _cli = new();
    private readonly int _first = FreePort.Consecutive(3);

    private string First => CliFixture.Text(_first);

    private string SupervisorPort => CliFixture.Text(_first + 2);

    public ValueTask DisposeAsync() => _cli.DisposeAsync();

    [Fact]
    public async Task Up_TwoBuiltInDaemons_RunUntilInterruptedAndLeaveNothing()
    {
        await using var up = _cli.Start("up", "--supervisor-port", SupervisorPort, "--count", "2", "--base-port", First);
        await up.SeenAsync($"monitor-{_first} (port {_first}) start verified, PID ");
        await up.SeenAsync($"monitor-{_first + 1} (port {_first + 1}) start verified, PID ");
        Assert.Equal(2, (await _cli.JsonAsync(0, "status", "--all", "--json")).GetArrayLength());

        up.Signal("INT");
        var result = await up.EndAsync();
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        Assert.True(FreePort.IsFree(_first) && FreePort.IsFree(_first + 1));
        Assert.False(File.Exists(_cli.File(_first, "pid")));
    }

    [Fact]
    public async Task Up_DaemonIsKilled_StartsItAgain()
    {
        await using var up = _cli.Start("up", "--supervisor-port", SupervisorPort, "--config", Fleet($$"""{ "Name": "web", "Port": {{_first}}, "Command": "{{CliFixture.FaultDaemon}}", "Arguments": ["--port", "{port}"] }"""));
        await up.SeenAsync("web (port");
        await up.SeenAsync("start verified");
        using (var kill = System.Diagnostics.Process.Start("kill", ["-KILL", File.ReadAllText(_cli.File(_first, "pid")).Trim()]))
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
        await using var up = _cli.Start("up", "--supervisor-port", SupervisorPort, "--count", "1", "--base-port", First, "--json");
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
        var start = _cli.RunOnTerminalAsync(
            new() { ["TERM"] = "xterm", ["NO_COLOR"] = "1" }, "up", "--supervisor-port", SupervisorPort, "--count", "1", "--base-port", First);
        await Wait.UntilAsync(async () => (await _cli.RunAsync("status", "--port", First)).ExitCode == 0, "the daemon serves");
        var supervisor = ParentOf(int.Parse(File.ReadAllText(_cli.File(_first, "pid")), CultureInfo.InvariantCulture));
        var up = ParentOf(supervisor);
        using (var kill = System.Diagnostics.Process.Start("kill", ["-INT", CliFixture.Text(up)]))
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
        // The built-in daemon says by its exit code that its configuration is wrong.
        await using var up = _cli.Start("up", "--supervisor-port", SupervisorPort, "--config", Fleet($$"""{ "Name": "web", "Port": {{_first}}, "Arguments": ["--no-such-option"] }"""));
        var result = await up.EndAsync();
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("monitor: no daemon can be started: web: invalid-configuration: ", result.Error);
    }

    [Fact]
    public async Task Up_CommandIsMissing_SaysWhenItTriesAgainAndGoesOn()
    {
        await using var up = _cli.Start("up", "--supervisor-port", SupervisorPort, "--config", Fleet($$"""{ "Name": "web", "Port": {{_first}}, "Command": "no-such-command-of-anybody" }"""));
        await up.SeenAsync("no-such-command-of-anybody");
        await up.SeenAsync("next try in ");
        up.Signal("INT");
        Assert.Equal(0, (await up.EndAsync()).ExitCode);
    }

    [Theory]
    [InlineData("prlimit", "\"Limits\": { \"NoFile\": \"64\" }")]
    [InlineData("setpriv", "\"User\": \"nobody\"")]
    public async Task Up_ProgramForLimitsOrUserIsMissing_NamesItAndItsPackage(string program, string setting)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "only root can hide a program of the system");
        var fleet = Fleet($$"""{ "Name": "web", "Port": {{_first}}, "Command": "/bin/sleep", "Arguments": ["600"], {{setting}} }""");
        string[] directories = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];
        var hide = $"for d in {string.Join(' ', directories)}; do test ! -x $d/{program} || mount --bind /dev/null $d/{program} || exit 99; done; exec \"$@\"";
        await using var up = _cli.Start(
            "unshare", ["--mount", "sh", "-c", hide, "sh", Path.Combine(AppContext.BaseDirectory, "monitor"), "up", "--supervisor-port", SupervisorPort, "--config", fleet], []);

        await up.SeenAsync($"there is no '{program}' in /usr/bin, /bin, /usr/sbin or /sbin; it is in the package util-linux");
    }

    [Theory]
    [InlineData("not json", "fleet.json: not JSON at line 1")]
    [InlineData("""{ "Monitors": { "StateDirectory": "\ud800" } }""", "fleet.json: a name or the state directory is not valid Unicode")]
    [InlineData("{}", "fleet.json: there is no section 'Monitors'")]
    [InlineData("""{ "Monitors": { "Count": "many" } }""", "fleet.json: Monitors:Count: 'many' is not a whole number")]
    [InlineData("""{ "Monitors": { "Cuont": 3 } }""", "fleet.json: Monitors:Cuont")]
    [InlineData("""{ "Monitors": { "Count": 0 } }""", "fleet.json: Monitors:Count: 0 is out of range")]
    [InlineData("""{ "Monitors": { "StartTimeout": "soon" } }""", "fleet.json: Monitors:StartTimeout: 'soon' is not a time")]
    [InlineData("""{ "Monitors": { "Daemons": [ { "Port": 9000 }, { "Port": 70000 } ] } }""", "fleet.json: Monitors:Daemons:1", "70000")]
    [InlineData("""{ "Monitors": { "Daemons": [ { "Port": 9000, "Name": "a" }, { "Port": 9000, "Name": "b" } ] } }""", "port 9000 is given to 'a' and 'b'")]
    public async Task Up_BadFile_NamesFileKeyAndValue(string content, params string[] says)
    {
        File.WriteAllText(_cli["fleet.json"], content);
        (await _cli.RunAsync("up", "--supervisor-port", SupervisorPort, "--config", "fleet.json")).AssertOneLine(2, says);
        Assert.True(FreePort.IsFree(_first + 2));
    }

    [Fact]
    public async Task Up_ChangedFile_IsAppliedWhileTheFleetRuns()
    {
        await using var up = _cli.Start("up", "--supervisor-port", SupervisorPort, "--config", Fleet($$"""{ "Name": "one", "Port": {{_first}} }"""));
        await up.SeenAsync("one (port");
        await up.SeenAsync("start verified");

        Fleet($$"""{ "Name": "one", "Port": {{_first}} }, { "Name": "two", "Port": {{_first + 1}} }""");

        await up.SeenAsync($"two (port {_first + 1}) start verified");
        up.Signal("TERM");
        Assert.Equal(0, (await up.EndAsync()).ExitCode);
        Assert.True(FreePort.IsFree(_first) && FreePort.IsFree(_first + 1));
    }

    [Fact]
    public async Task Up_ChangedFileIsWrong_SaysSoOnTheConsoleAndWhenItIsRightAgain()
    {
        var one = $$"""{ "Name": "one", "Port": {{_first}} }""";
        await using var up = _cli.Start("up", "--supervisor-port", SupervisorPort, "--config", Fleet(one));
        await up.SeenAsync("start verified");

        Fleet("""{ "Name": "one", "Port": 99999 }""");
        await up.SeenAsync($"the changed configuration is NOT applied, nothing was changed: {_cli["fleet.json"]}: Monitors:Daemons:0:Port: port 99999 is out of range");

        Fleet(one + $$""", { "Name": "two", "Port": {{_first + 1}}, "AutoStart": false }""");
        await up.SeenAsync("the changed configuration is applied: added: two");

        // A daemon that cannot be changed is named as well.
        Fleet($$"""{ "Name": "one", "Port": {{_first}}, "Command": "no-such-command-here" }, { "Name": "two", "Port": {{_first + 1}}, "AutoStart": false }""");
        await up.SeenAsync("not applied: 'one'");
        Assert.Equal(0, (await _cli.RunAsync("status", "one")).ExitCode);
    }

    [Fact]
    public async Task Up_AlertBeginsAndEnds_BothLinesNameIt()
    {
        await using var up = _cli.Start("up", "--supervisor-port", SupervisorPort, "--config", Fleet($$"""
            { "Name": "web", "Port": {{_first}}, "Command": "./web.sh", "Restart": { "InitialDelay": "00:00:00.2", "MaxDelay": "00:00:00.2" } }
            """));
        await up.SeenAsync($"web (port {_first}) ALERT cannot-start: ");

        File.WriteAllText(_cli["web.sh.new"], $"#!/bin/sh\nexec '{CliFixture.FaultDaemon}' --port {_first}\n");
        File.SetUnixFileMode(_cli["web.sh.new"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.Move(_cli["web.sh.new"], _cli["web.sh"]);

        await up.SeenAsync("alert cannot-start resolved, PID ");
    }

    [Fact]
    public async Task Up_SecondSignal_KillsWhatTakesTooLong()
    {
        await using var up = _cli.Start("up", "--supervisor-port", SupervisorPort, "--config", Fleet($$"""
            { "Name": "deaf", "Port": {{_first}}, "Command": "{{CliFixture.FaultDaemon}}", "Arguments": ["--port", "{port}", "--ignore-term"] }
            """));
        await up.SeenAsync("start verified");
        up.Signal("TERM");
        await up.SeenAsync("stopping");

        up.Signal("TERM");

        await up.EndAsync();
        Assert.True(FreePort.IsFree(_first) && FreePort.IsFree(_first + 2));
    }

    [Theory]
    [InlineData("up --config nowhere.json", "nowhere.json: there is no such file")]
    [InlineData("up --count 0", "'0' is not a number from 1 to 200")]
    [InlineData("up --config x.json --count 3", "--count and --config exclude each other")]
    [InlineData("up --supervisor-port 8769", "port 8769 is given to the supervisor and to a daemon")]
    [InlineData("up --supervisor-port 70000", "'70000' is not a port")]
    [InlineData("up --dashboard maybe", "'maybe' is not an address")]
    [InlineData("up --dashboard https://127.0.0.1:1234", "is not an address")]
    [InlineData("up --dashboard http://127.0.0.1:1234/path", "is not an address")]
    [InlineData("up --dashboard http://192.0.2.1:18888", "is not a loopback address")]
    [InlineData("up --dashboard http://127.0.0.1:8768", "port 8768 is given to the supervisor or to a daemon")]
    public async Task Up_BadInput_IsOneLineAndMakesNothing(string commandLine, string says)
    {
        (await _cli.RunAsync(commandLine.Split(' '))).AssertOneLine(2, says);
        Assert.False(Directory.Exists(_cli.StateDirectory));
    }

    [Fact]
    public async Task Up_PortsOutOfRange_IsOneLine() =>
        (await _cli.RunAsync("up", "--supervisor-port", SupervisorPort, "--count", "10", "--base-port", "65530")).AssertOneLine(2, "out of range");

    private string Fleet(string daemons)
    {
        File.WriteAllText(_cli["fleet.json"], $$"""
            {
              // Comments are fine, and so are other sections.
              "Logging": {},
              "Monitors": { "Daemons": [ {{daemons}} ], },
            }
            """);
        return _cli["fleet.json"];
    }

    private static int ParentOf(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
    }
}
