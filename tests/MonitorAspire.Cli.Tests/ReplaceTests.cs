using System.Net;
using System.Net.Sockets;
using MonitorAspire.Testing;

namespace MonitorAspire.Cli.Tests;

/// <summary>A daemon is replaced without an outage: <c>restart</c>, <c>start --force</c>, <c>--rollback</c> and <c>restart --all</c>.</summary>
public sealed class ReplaceTests : IAsyncDisposable
{
    private readonly CliFixture _cli = new();
    private readonly int _port = FreePort.Next();

    public ReplaceTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "shell scripts and symbolic links are Unix's");

    private string Port => CliFixture.Text(_port);

    public ValueTask DisposeAsync() => _cli.DisposeAsync();

    [Theory]
    [InlineData("command", 2, "there is no command")]
    [InlineData("interpreter", 2, "needs the interpreter")]
    [InlineData("env", 2, "needs the interpreter 'no-such-interpreter'")]
    [InlineData("mode", 7, "may not be executed")]
    [InlineData("log", 2, "is a directory; move it away")]
    public async Task Restart_CannotSucceed_LeavesTheDaemonAlive(string fault, int exitCode, string says)
    {
        WriteApp("app");
        var first = await _cli.JsonAsync(0, "start", "--port", Port, "--json", "--", _cli["app"], "--port", "{port}", "--host", "{host}");
        Spoil(fault);

        var result = await _cli.RunAsync("restart", "--port", Port);
        Assert.Equal(("", exitCode), (result.Out, result.ExitCode));
        var line = result.Error.Split('\n')[0];
        Assert.Contains(says, line);
        Assert.Contains($"nothing was stopped, PID {first.GetProperty("pid").GetInt32()} runs on", line);
        Assert.Equal(first.GetProperty("pid").GetInt32(), (await _cli.JsonAsync(0, "status", "--port", Port, "--json")).GetProperty("pid").GetInt32());
    }

    [Fact]
    public async Task StartForce_CommandDoesNotExist_LeavesTheDaemonAndItsDefinition()
    {
        var first = await _cli.JsonAsync(0, CliFixture.StartFaulty(_port, ["--json"], []));
        var result = await _cli.RunAsync("start", "--force", "--port", Port, "--", "pyhton3", "-m", "http.server");
        result.AssertOneLine(2, "command-not-found", "'pyhton3'", "nothing was stopped");

        var restarted = await _cli.JsonAsync(0, "restart", "--port", Port, "--json");
        Assert.Equal(first.GetProperty("pid").GetInt32(), restarted.GetProperty("replacedPid").GetInt32());
        Assert.Contains("fault-daemon", (await _cli.JsonAsync(0, "status", "--port", Port, "--json")).GetProperty("command")[0].GetString());
    }

    [Fact]
    public async Task StartForce_FailsWithRollback_StartsTheOldDefinitionAndReportsBoth()
    {
        await _cli.RunAsync(CliFixture.StartFaulty(_port, "--say", "the-old-one"));
        var report = await _cli.JsonAsync(6, [.. CliFixture.StartFaulty(_port, ["--json", "--force", "--rollback"], ["--exit", "3"])]);
        Assert.Equal("exited-prematurely", report.GetProperty("reason").GetString());
        Assert.Equal("verified", report.GetProperty("rollback").GetProperty("verdict").GetString());

        var text = await _cli.RunAsync(CliFixture.StartFaulty(_port, ["--force", "--rollback"], ["--exit", "3"]));
        Assert.Equal(6, text.ExitCode);
        Assert.Contains("did not start: exited-prematurely", text.Error);
        Assert.Contains($"monitor: monitor-{Port} was rolled back: the old definition runs again as PID ", text.Error);

        var status = await _cli.JsonAsync(0, "status", "--port", Port, "--json");
        Assert.Contains("the-old-one", status.GetProperty("command").EnumerateArray().Select(c => c.GetString()));
        Assert.Equal(0, (await _cli.RunAsync("restart", "--port", Port)).ExitCode);
    }

    [Fact]
    public async Task StartForce_FailsWithoutRollback_SaysThatTheDaemonIsDown()
    {
        var first = await _cli.JsonAsync(0, CliFixture.StartFaulty(_port, ["--json"], []));
        var result = await _cli.RunAsync(CliFixture.StartFaulty(_port, ["--force"], ["--exit", "3"]));
        Assert.Equal(6, result.ExitCode);
        Assert.Contains($"monitor-{Port} IS DOWN: the instance that served before (PID {first.GetProperty("pid").GetInt32()}) was stopped", result.Error);
    }

    [Fact]
    public async Task Restart_NewReleaseIsBrokenWithRollback_ServesTheOldReleaseAgain()
    {
        Directory.CreateDirectory(_cli["releases/1"]);
        Directory.CreateDirectory(_cli["releases/2"]);
        WriteApp("releases/1/app", "--say release-1");
        File.WriteAllText(_cli["releases/2/app"], "#!/bin/sh\nexit 3\n");
        MakeExecutable("releases/2/app");
        File.CreateSymbolicLink(_cli["current"], "releases/1");
        await using (var start = _cli.Start("sh", ["-c", $"cd current && '{Path.Combine(AppContext.BaseDirectory, "monitor")}' start --port {Port} -- ./app --port {{port}} --host {{host}}"], []))
        {
            Assert.Equal(0, (await start.EndAsync()).ExitCode);
        }

        File.Delete(_cli["current"]);
        File.CreateSymbolicLink(_cli["current"], "releases/2");
        Assert.Equal(6, (await _cli.RunAsync("restart", "--port", Port, "--rollback")).ExitCode);

        Assert.Equal(0, (await _cli.RunAsync("status", "--port", Port)).ExitCode);
        Assert.Equal(["release-1", "release-1"], (await _cli.RunAsync("logs", "--port", Port)).Out.Split('\n').Where(line => line == "release-1"));

        // The definition still has the link, so the next release is started when it is there.
        WriteApp("releases/2/app", "--say release-2");
        Assert.Equal(0, (await _cli.RunAsync("restart", "--port", Port)).ExitCode);
        Assert.Contains("release-2", (await _cli.RunAsync("logs", "--port", Port)).Out);
    }

    [Fact]
    public async Task RestartAll_OneDoesNotComeBack_StopsThereAndNamesTheUntouched()
    {
        var first = FreePort.Consecutive(4);
        WriteApp("app");
        var pids = new List<int>();
        for (var i = 0; i < 4; i++)
        {
            var started = await _cli.JsonAsync(0, "start", "--port", CliFixture.Text(first + i), "--name", $"d{i}", "--json", "--", i == 1 ? _cli["app"] : CliFixture.FaultDaemon, "--port", "{port}", "--host", "{host}");
            pids.Add(started.GetProperty("pid").GetInt32());
        }

        await _cli.RunAsync("stop", "d3");
        await File.WriteAllTextAsync(_cli["app"], "#!/bin/sh\nexit 3\n", TestContext.Current.CancellationToken);
        var result = await _cli.RunAsync("restart", "--all");

        Assert.Equal(6, result.ExitCode);
        Assert.Contains("d0 running", result.Out);
        Assert.Contains("d1 did not come back; not touched: d2", result.Error);
        Assert.NotEqual(pids[0], await PidAsync("d0"));
        Assert.Equal(pids[2], await PidAsync("d2"));
        Assert.Equal(3, (await _cli.RunAsync("status", "d3")).ExitCode);

        // A PID file of a dead daemon, without a definition.
        await File.WriteAllTextAsync(_cli.File(first + 3, "pid"), "1999999\n", TestContext.Current.CancellationToken);
        await _cli.RunAsync("forget", "d3");
        WriteApp("app");
        Assert.Equal(0, (await _cli.RunAsync("start", "d1")).ExitCode);
        var all = await _cli.JsonAsync(0, "restart", "--all", "--json");
        Assert.Equal(["d0", "d1", "d2"], all.EnumerateArray().Select(r => r.GetProperty("name").GetString()));

        async Task<int> PidAsync(string name) => (await _cli.JsonAsync(0, "status", name, "--json")).GetProperty("pid").GetInt32();
    }

    [Fact]
    public async Task Stop_ForeignProcessListensOnThePortToo_DoesNotSayThatThePortIsFree()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "needs the IPv6 loopback");
        Assert.Equal(0, (await _cli.RunAsync("start", "--port", Port, "--host", "localhost", "--health-path", "/", "--", "python3", "-m", "http.server", "{port}", "--bind", "127.0.0.1")).ExitCode);
        using var foreign = new TcpListener(IPAddress.IPv6Loopback, _port);
        foreign.Start();

        var result = await _cli.RunAsync("stop", "--port", Port);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains($"port {Port} is served by PID {Environment.ProcessId} ", result.Out);
        Assert.Contains("which is not ours", result.Out);
        Assert.DoesNotContain("is free", result.Out);
    }

    [Fact]
    public async Task All_OneRecordHasAnOverlongHost_ShowsAndStopsTheOthers()
    {
        var other = FreePort.Next();
        await _cli.RunAsync(CliFixture.StartFaulty(_port));
        await File.WriteAllTextAsync(
            _cli.File(other, "instance.json"), $$"""{"name": "bad", "port": {{other}}, "host": "{{new string('a', 70_000)}}", "command": ["x"]}""", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_cli.File(other, "pid"), "1\n", TestContext.Current.CancellationToken);

        var status = await _cli.JsonAsync(4, "status", "--all", "--json");
        Assert.Equal(
            new[] { (_port, "running"), (other, "unknown") }.Order(), status.EnumerateArray().Select(d => (d.GetProperty("port").GetInt32(), d.GetProperty("verdict").GetString()!)));
        foreach (var command in (string[][])[["doctor", "--fix"], ["status", "--all"], ["wait", "--all", "--timeout", "0"], ["stop", "--all"]])
        {
            (await _cli.RunAsync(command)).AssertNoStackTrace();
        }

        Assert.True(FreePort.IsFree(_port), "the good one was not stopped");
    }

    private void Spoil(string fault)
    {
        switch (fault)
        {
            case "command":
                File.Delete(_cli["app"]);
                break;
            case "interpreter":
                File.WriteAllText(_cli["app"], "#!/no/such/python3\n");
                break;
            case "env":
                File.WriteAllText(_cli["app"], "#!/usr/bin/env no-such-interpreter\n");
                break;
            case "mode" when !OperatingSystem.IsWindows():
                File.SetUnixFileMode(_cli["app"], UnixFileMode.UserRead);
                break;
            default:
                File.Delete(_cli.File(_port, "log"));
                Directory.CreateDirectory(_cli.File(_port, "log"));
                break;
        }
    }

    private void WriteApp(string name, string options = "")
    {
        File.WriteAllText(_cli[name], $"#!/bin/sh\nexec '{CliFixture.FaultDaemon}' \"$@\" {options}\n");
        MakeExecutable(name);
    }

    private void MakeExecutable(string name)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_cli[name], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
