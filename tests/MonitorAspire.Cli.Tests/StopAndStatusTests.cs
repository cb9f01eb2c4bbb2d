using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using MonitorAspire.Testing;

namespace MonitorAspire.Cli.Tests;

/// <summary><c>monitor stop</c>, <c>status</c> and <c>restart</c>.</summary>
public sealed class StopAndStatusTests : IAsyncDisposable
{
    private readonly CliFixture _cli = new();
    private readonly int _port = FreePort.Next();

    private string Port => CliFixture.Text(_port);

    public ValueTask DisposeAsync() => _cli.DisposeAsync();

    [Fact]
    public async Task Status_DaemonWithAChildThatUsesMemoryAndTime_HasThoseOfTheWholeTree()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc is Linux's");
        const string work = "import time; x = bytearray(200 << 20); end = time.process_time() + 0.5\nwhile time.process_time() < end: pass\nopen('done', 'w').close(); time.sleep(600)";
        await File.WriteAllTextAsync(_cli["app.sh"], $"#!/bin/sh\npython3 -c \"{work}\" &\nexec '{CliFixture.FaultDaemon}' \"$@\"\n", TestContext.Current.CancellationToken);
        Assert.Equal(0, (await _cli.RunAsync("start", "--port", Port, "--", "sh", "app.sh", "--port", "{port}", "--host", "{host}")).ExitCode);
        await Wait.UntilAsync(() => File.Exists(_cli["done"]), "the child has used its time");

        var json = await _cli.JsonAsync(0, "status", "--port", Port, "--json");
        Assert.InRange(json.GetProperty("memoryBytes").GetInt64(), 200L << 20, 2L << 30);
        Assert.InRange(json.GetProperty("cpuMs").GetDouble(), 500, 600_000);

        var table = (await _cli.RunAsync("status", "--port", Port)).Out;
        Assert.Matches(@"HEALTH\s+MEMORY\s+CPU\s+UPTIME", table);
        Assert.Matches(@"\s[2-9]\d\d MiB\s+([1-9]\d*\.\d|0\.[5-9])s\s", table);
        Assert.All(table.Split('\n'), line => Assert.True(line.Length <= 100, line));
    }

    [Fact]
    public async Task StopAndStatus_NothingThere_SayNotRunningAndMakeNothing()
    {
        var stop = await _cli.RunAsync("stop", "--port", Port);
        Assert.Equal(("", 0), (stop.Error, stop.ExitCode));
        Assert.StartsWith($"monitor-{Port} not running", stop.Out);

        Assert.Equal(3, (await _cli.RunAsync("status", "--port", Port)).ExitCode);
        Assert.Equal(3, (await _cli.RunAsync("status", "--all")).ExitCode);
        Assert.False(Directory.Exists(_cli.StateDirectory), "a command that only reads made the state directory");
    }

    [Fact]
    public async Task StopAndStatus_HostThatStandsForNoAddress_SayThatAndNotThatNothingRuns()
    {
        await _cli.RunAsync(CliFixture.StartFaulty(_port));
        foreach (var port in (string[])[Port, CliFixture.Text(FreePort.Next())])
        {
            (await _cli.RunAsync("stop", "--port", port, "--host", "nowhere.invalid")).AssertOneLine(2, "--host", "nowhere.invalid", "cannot be resolved");
            var status = await _cli.JsonAsync(4, "status", "--port", port, "--host", "nowhere.invalid", "--json");
            Assert.Contains("'nowhere.invalid' stands for no address", status.GetProperty("detail").GetString());
            Assert.Equal("invalid-configuration", status.GetProperty("reason").GetString());
        }

        Assert.Equal(0, (await _cli.RunAsync("status", "--port", Port)).ExitCode);
    }

    [Fact]
    public async Task StartStatusAndStop_FromAnotherWorkingDirectory_SeeTheSameDaemon()
    {
        var (here, there) = (_cli["here"], _cli["there"]);
        Directory.CreateDirectory(here);
        Directory.CreateDirectory(there);
        try
        {
            var first = await RunInAsync(here, CliFixture.StartFaulty(_port, ["--json"], []));
            var pid = first.GetProperty("pid").GetInt32();

            var again = await RunInAsync(there, CliFixture.StartFaulty(_port, ["--json"], []));
            Assert.Equal("already-running", again.GetProperty("verdict").GetString());
            Assert.Equal(pid, again.GetProperty("pid").GetInt32());
            var status = await RunInAsync(there, "status", "--port", Port, "--json");
            Assert.Equal(("running", pid), (status.GetProperty("verdict").GetString(), status.GetProperty("pid").GetInt32()));
            var stopped = await RunInAsync(there, "stop", "--port", Port, "--json");
            Assert.Equal(("stopped", pid), (stopped.GetProperty("verdict").GetString(), stopped.GetProperty("pid").GetInt32()));
        }
        finally
        {
            await _cli.RunAsync("stop", "--all", "--state-dir", _cli["home/monitor-aspire"]);
        }

        Assert.Empty(Directory.GetFileSystemEntries(here));
        Assert.Empty(Directory.GetFileSystemEntries(there));

        // The default directory, without option or variable. The test has its own home directory.
        async Task<JsonElement> RunInAsync(string directory, params string[] arguments)
        {
            await using var running = _cli.Start(
                "env", ["-C", directory, "-u", "MONITOR_STATE_DIR", $"XDG_STATE_HOME={_cli["home"]}", Path.Combine(AppContext.BaseDirectory, "monitor"), .. arguments], []);
            var result = await running.EndAsync();
            Assert.Equal(("", 0), (result.Error, result.ExitCode));
            return JsonDocument.Parse(result.Out).RootElement;
        }
    }

    [Fact]
    public async Task StopAndStatus_ForeignServer_IsNotTouched()
    {
        using var foreign = new TcpListener(IPAddress.Loopback, _port);
        foreign.Start();

        var status = await _cli.JsonAsync(4, "status", "--port", Port, "--json");
        Assert.Equal("foreign", status.GetProperty("verdict").GetString());
        var stop = await _cli.RunAsync("stop", "--port", Port);
        Assert.Equal(("", 8), (stop.Out, stop.ExitCode));
        Assert.Contains($"PID {Environment.ProcessId}", stop.Error);

        // A start that failed beside it leaves a lock file, which is no daemon.
        Assert.Equal(4, (await _cli.RunAsync(CliFixture.StartFaulty(_port))).ExitCode);
        Assert.Equal(0, (await _cli.RunAsync("stop", "--all")).ExitCode);
    }

    [Fact]
    public async Task Status_DeadWithPidFile_ExitsWithOne()
    {
        var report = await _cli.JsonAsync(0, CliFixture.StartFaulty(_port, ["--json"], []));
        CliFixture.Signal(report.GetProperty("pid").GetInt32(), "KILL");

        await Wait.UntilAsync(() => FreePort.IsFree(_port), "the daemon is dead");
        Assert.Equal("dead", (await _cli.JsonAsync(1, "status", "--port", Port, "--json")).GetProperty("verdict").GetString());
    }

    [Fact]
    public async Task Status_LivesButDoesNotAnswer_IsUnhealthyWithFour()
    {
        var report = await _cli.JsonAsync(0, CliFixture.StartFaulty(_port, ["--json"], []));
        CliFixture.Signal(report.GetProperty("pid").GetInt32(), "STOP");

        var status = await _cli.JsonAsync(4, "status", "--port", Port, "--timeout", "300ms", "--json");
        Assert.Equal("unhealthy", status.GetProperty("verdict").GetString());
        Assert.Equal("health-unreachable", status.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task All_TwoDaemons_ListsThemAndStopsThem()
    {
        var other = FreePort.Next();
        await _cli.RunAsync(CliFixture.StartFaulty(_port));
        await _cli.RunAsync(CliFixture.StartFaulty(other));

        var all = await _cli.JsonAsync(0, "status", "--all", "--json");
        Assert.Equal([Math.Min(_port, other), Math.Max(_port, other)], all.EnumerateArray().Select(d => d.GetProperty("port").GetInt32()));

        var stopped = await _cli.JsonAsync(0, "stop", "--all", "--json");
        Assert.Equal(2, stopped.GetArrayLength());
        Assert.True(FreePort.IsFree(_port) && FreePort.IsFree(other));
    }

    [Fact]
    public async Task Stop_DaemonIgnoresSigterm_KillsAfterTheGivenGrace()
    {
        await _cli.RunAsync(CliFixture.StartFaulty(_port, "--ignore-term"));
        var report = await _cli.JsonAsync(0, "stop", "--port", Port, "--grace", "200ms", "--json");
        Assert.Equal("stopped", report.GetProperty("verdict").GetString());
        Assert.True(report.GetProperty("killed").GetBoolean());
    }

    [Fact]
    public async Task Watch_InAPipe_PrintsChangesAndEndsWithTheLastCode()
    {
        await _cli.RunAsync(CliFixture.StartFaulty(_port));
        await using var watch = _cli.Start("status", "--port", Port, "--watch", "--interval", "100ms");
        await watch.SeenAsync(" running ");
        await _cli.RunAsync("stop", "--port", Port);
        await watch.SeenAsync(" not-running ");
        watch.Signal("INT");
        var result = await watch.EndAsync();
        Assert.Equal(("", 3), (result.Error, result.ExitCode));
        var states = result.Out.Split('\n').Where(l => l.StartsWith("monitor-", StringComparison.Ordinal)).Select(l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(4))).ToList();
        Assert.All(states.Zip(states.Skip(1)), pair => Assert.NotEqual(pair.First, pair.Second));
    }

    [Fact]
    public async Task Restart_WithoutACommand_StartsTheRecordedOneAgain()
    {
        var first = await _cli.JsonAsync(0, CliFixture.StartFaulty(_port, ["--json", "--name", "mine", "--health-path", "/health?x=1"], ["--say", "the-recorded-one"]));
        var second = await _cli.JsonAsync(0, "restart", "--port", Port, "--json");

        Assert.Equal("verified", second.GetProperty("verdict").GetString());
        Assert.Equal("mine", second.GetProperty("name").GetString());
        Assert.NotEqual(first.GetProperty("pid").GetInt32(), second.GetProperty("pid").GetInt32());
        Assert.Equal(2, (await _cli.RunAsync("logs", "--port", Port)).Out.Split('\n').Count(l => l == "the-recorded-one"));
        var command = (await _cli.JsonAsync(0, "status", "--port", Port, "--json")).GetProperty("command").EnumerateArray().Select(c => c.GetString());
        Assert.Contains("the-recorded-one", command);
    }

    [Fact]
    public async Task Restart_FromElsewhere_KeepsTheWorkingDirectory()
    {
        Directory.CreateDirectory(_cli["site"]);
        File.WriteAllText(_cli["site/here.txt"], "found");
        var start = Path.Combine(AppContext.BaseDirectory, "monitor");
        await using (var running = _cli.Start(
            "env", ["-C", _cli["site"], start, "start", "--port", Port, "--health-path", "/here.txt", "--", "python3", "-m", "http.server", "{port}", "--bind", "{host}"], []))
        {
            Assert.Equal(0, (await running.EndAsync()).ExitCode);
        }

        Assert.Equal("verified", (await _cli.JsonAsync(0, "restart", "--port", Port, "--json")).GetProperty("verdict").GetString());
    }

    [Fact]
    public async Task Restart_RecordAndDefinitionOfARunningDaemonAreLost_DoesNotGuess()
    {
        await _cli.RunAsync(CliFixture.StartFaulty(_port));
        File.Delete(_cli.File(_port, "instance.json"));
        File.Delete(_cli.File(_port, "definition.json"));

        var result = await _cli.RunAsync("restart", "--port", Port);
        result.AssertOneLine(2, "record", "after '--'");
        Assert.Equal(0, (await _cli.RunAsync("status", "--port", Port)).ExitCode);
    }
}
