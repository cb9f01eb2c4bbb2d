using System.Net;
using System.Net.Sockets;
using MonitorAspire.Testing;

namespace MonitorAspire.Cli.Tests;

/// <summary><c>monitor start</c>: exit code 0 for a daemon that serves, and for no other.</summary>
public sealed class StartTests : IAsyncDisposable
{
    private readonly CliFixture _cli = new();
    private readonly int _port = FreePort.Next();

    private string Port => CliFixture.Text(_port);

    public ValueTask DisposeAsync() => _cli.DisposeAsync();

    [Fact]
    public async Task Start_BuiltInDaemon_ServesAndStatusAndStopAgree()
    {
        var started = await _cli.RunAsync("start", "--port", Port);
        Assert.Equal(("", 0), (started.Error, started.ExitCode));
        Assert.Matches($@"^monitor-{Port} running: PID \d+, port {Port}, http://127\.0\.0\.1:{Port}, verified in [\d.]+ m?s", started.Out);

        using var client = new HttpClient();
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync($"http://127.0.0.1:{Port}/health")).StatusCode);
        var status = await _cli.RunAsync("status", "--port", Port);
        Assert.Equal(0, status.ExitCode);
        Assert.Contains("running", status.Out);

        var stopped = await _cli.RunAsync("stop", "--port", Port);
        Assert.Equal(0, stopped.ExitCode);
        Assert.Matches($@"^monitor-{Port} stopped: PID \d+, port {Port} is free", stopped.Out);
        Assert.True(FreePort.IsFree(_port));
        Assert.False(File.Exists(_cli.File(_port, "pid")));
    }

    [Fact]
    public async Task Start_AnyCommandWithAHealthPathOfItsOwn_NeedsThePathOnlyOnce()
    {
        var started = await _cli.RunAsync("start", "--port", Port, "--health-path", "/", "--name", "files", "--", "python3", "-m", "http.server", "{port}", "--bind", "{host}");
        Assert.Equal(("", 0), (started.Error, started.ExitCode));
        Assert.StartsWith("files running: PID ", started.Out);

        var status = await _cli.JsonAsync(0, "status", "--port", Port, "--json");
        Assert.Equal("running", status.GetProperty("verdict").GetString());
        Assert.Equal("files", status.GetProperty("name").GetString());
        Assert.True(status.GetProperty("ownsPort").GetBoolean());
    }

    [Theory]
    [InlineData("[::1]")]
    [InlineData("::1")]
    public async Task Start_IPv6AddressWithOrWithoutBrackets_IsTheSameHostForProgramStatusAndStop(string host)
    {
        var started = await _cli.RunAsync("start", "--port", Port, "--host", host, "--health-path", "/", "--", "python3", "-m", "http.server", "{port}", "--bind", "{host}");
        Assert.Equal(("", 0), (started.Error, started.ExitCode));
        Assert.Contains($"http://[::1]:{Port},", started.Out);

        var status = await _cli.JsonAsync(0, "status", "--port", Port, "--host", host, "--json");
        Assert.Equal("::1", status.GetProperty("host").GetString());
        Assert.Equal("::1", status.GetProperty("command").EnumerateArray().Last().GetString());
        Assert.Equal("verified", (await _cli.JsonAsync(0, "restart", "--port", Port, "--json")).GetProperty("verdict").GetString());
        Assert.Equal(0, (await _cli.RunAsync("stop", "--port", Port)).ExitCode);

        // The built-in daemon too.
        Assert.Equal(0, (await _cli.RunAsync("start", "--force", "--port", CliFixture.Text(FreePort.Next()), "--host", host)).ExitCode);
    }

    [Fact]
    public async Task Start_HealthOptions_AreNeededOnlyOnce()
    {
        var started = await _cli.RunAsync(CliFixture.StartFaulty(_port, ["--health-command", "sh -c exit {port}", "--health-timeout", "10s"], ["--silent"]));
        Assert.Equal(("", 0), (started.Error, started.ExitCode));

        var status = await _cli.JsonAsync(0, "status", "--port", Port, "--json");
        Assert.StartsWith("the check sh ended with exit code 0 after ", status.GetProperty("healthDetail").GetString());
    }

    [Theory]
    [InlineData("--health", "ftp", "--health: 'ftp' is not one of http, https, tcp, command, log and notify")]
    [InlineData("--health-status", "200,abc", "--health-status: '200,abc' is not a list of HTTP statuses")]
    [InlineData("--health-log", "(", "Pattern: is not a regular expression")]
    public async Task Start_WrongHealthOption_IsAUsageError(string option, string value, string error)
    {
        var refused = await _cli.RunAsync("start", "--port", Port, option, value, "--", "sleep", "60");

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(error, refused.Error);
    }

    [Fact]
    public async Task Start_503WithABody_PrintsItsLines()
    {
        // A busy machine needs seconds until the daemon answers.
        var other = FreePort.Next();
        var text = _cli.RunAsync(CliFixture.StartFaulty(_port, ["--timeout", "12s"], ["--status", "503", "--body", "database unreachable\ndb:5432 refused"]));
        var json = await _cli.JsonAsync(5, CliFixture.StartFaulty(other, ["--timeout", "12s", "--json"], ["--status", "503", "--body", "a\nb"]));
        var failed = await text;

        Assert.Equal(5, failed.ExitCode);
        Assert.Matches("health-status: PID [0-9]+ is not healthy after 12 s: GET /health: 503 after [0-9.]+ m?s: 'database unreachable'", failed.Error);
        Assert.Matches("answer: database unreachable\n +db:5432 refused", failed.Error);
        Assert.Equal((503, "b"), (json.GetProperty("healthAnswer").GetProperty("status").GetInt32(), json.GetProperty("healthAnswer").GetProperty("body")[1].GetString()));
    }

    [Fact]
    public async Task Start_Json_IsOneReportAndNothingElse()
    {
        var report = await _cli.JsonAsync(0, CliFixture.StartFaulty(_port, ["--json"], []));
        Assert.Equal("verified", report.GetProperty("verdict").GetString());
        Assert.Equal(_port, report.GetProperty("port").GetInt32());
        Assert.Equal(
            ["preflight", "spawn", "pid_file", "port_bound", "health"],
            report.GetProperty("stages").EnumerateArray().Select(s => s.GetProperty("stage").GetString()));
    }

    [Fact]
    public async Task Start_Twice_SaysAlreadyRunningWithTheSamePid()
    {
        var first = await _cli.JsonAsync(0, CliFixture.StartFaulty(_port, ["--json"], []));
        var second = await _cli.RunAsync(CliFixture.StartFaulty(_port));
        Assert.Equal(0, second.ExitCode);
        Assert.Contains($"already running and healthy: PID {first.GetProperty("pid").GetInt32()}", second.Out);
    }

    [Fact]
    public async Task Start_RunsWithAnotherHealthCheck_NamesTheAddressThatServes()
    {
        Assert.Equal(0, (await _cli.RunAsync(CliFixture.StartFaulty(_port, ["--health", "tcp"], []))).ExitCode);

        var second = await _cli.RunAsync(CliFixture.StartFaulty(_port));

        Assert.Contains("already running", second.Out, StringComparison.Ordinal);
        Assert.Contains($"tcp://127.0.0.1:{_port}", second.Out, StringComparison.Ordinal);

        // A time limit alone does not make it a check over HTTP.
        var restarted = await _cli.RunAsync("restart", "--port", Port, "--health-timeout", "40s");
        Assert.Contains($"tcp://127.0.0.1:{_port}", restarted.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_Force_ReplacesOurInstance()
    {
        var first = await _cli.JsonAsync(0, CliFixture.StartFaulty(_port, ["--json"], []));
        var second = await _cli.JsonAsync(0, CliFixture.StartFaulty(_port, ["--json", "--force"], []));
        Assert.Equal("verified", second.GetProperty("verdict").GetString());
        Assert.NotEqual(first.GetProperty("pid").GetInt32(), second.GetProperty("pid").GetInt32());
    }

    [Fact]
    public async Task Start_PortInUse_NamesTheOwnerAndExitsWithFour()
    {
        using var foreign = new TcpListener(IPAddress.Loopback, _port);
        foreign.Start();

        var result = await _cli.RunAsync(CliFixture.StartFaulty(_port));
        Assert.Equal(("", 4), (result.Out, result.ExitCode));
        Assert.StartsWith($"monitor: monitor-{Port} did not start: port-in-use: ", result.Error);
        Assert.Contains($"owner: PID {Environment.ProcessId} ", result.Error);
        result.AssertNoStackTrace();
    }

    [Fact]
    public async Task Start_PortRange_TakesTheNextFreePort()
    {
        var first = FreePort.Consecutive(3);
        using var foreign = new TcpListener(IPAddress.Loopback, first);
        foreign.Start();

        var report = await _cli.JsonAsync(
            0, "start", "--json", "--port-range", $"{first}-{first + 2}", "--", CliFixture.FaultDaemon, "--port", "{port}", "--host", "{host}");
        Assert.Equal(first + 1, report.GetProperty("port").GetInt32());
        Assert.Equal($"monitor-{first + 1}", report.GetProperty("name").GetString());
    }

    [Fact]
    public async Task Start_CommandThatDoesNotExist_ExitsWithTwo()
    {
        var result = await _cli.RunAsync("start", "--port", Port, "--", "no-such-command-of-anybody");
        result.AssertOneLine(2, "command-not-found", "no-such-command-of-anybody");
        Assert.False(File.Exists(_cli.File(_port, "pid")));
    }

    [Fact]
    public async Task Start_DaemonThatExits_ShowsCodeAndLogAndExitsWithSix()
    {
        var result = await _cli.RunAsync(CliFixture.StartFaulty(_port, "--say", "my-last-words", "--exit", "3"));
        Assert.Equal(("", 6), (result.Out, result.ExitCode));
        Assert.Contains("exited-prematurely", result.Error.Split('\n')[0]);
        Assert.Contains("exit code 3", result.Error.Split('\n')[0]);
        Assert.Contains($"log: {_cli.File(_port, "log")}", result.Error);
        Assert.Contains("my-last-words", result.Error);
    }

    [Fact]
    public async Task Start_DaemonThatExitsWithZero_IsNeverASuccess()
    {
        var result = await _cli.RunAsync(CliFixture.StartFaulty(_port, "--exit", "0"));
        Assert.Equal(6, result.ExitCode);
    }

    [Fact]
    public async Task Start_DaemonThatHangs_SaysTheStageAndExitsWithFive()
    {
        var report = await _cli.JsonAsync(5, CliFixture.StartFaulty(_port, ["--json", "--timeout", "700ms"], ["--hang"]));
        Assert.Equal("failed", report.GetProperty("verdict").GetString());
        Assert.Equal("port_bound", report.GetProperty("stage").GetString());
        Assert.Equal(3, (await _cli.RunAsync("status", "--port", Port)).ExitCode);
    }

    [Fact]
    public async Task EveryCommand_StateDirectoryThatCannotBe_IsOneClearFailureAtOnce()
    {
        await File.WriteAllTextAsync(_cli["file"], "", TestContext.Current.CancellationToken);
        (string Path, string Says)[] wrong =
        [
            (_cli["file"], "is a file, not a directory"),
            (_cli["file/below"], "is a file, not a directory"),
            (_cli[new string('d', 300)], "a name of 300 bytes"),
            (string.Concat(Enumerable.Repeat($"/{new string('d', 200)}", 20)), "too long for its files"),
        ];
        foreach (var (path, says) in wrong)
        {
            foreach (var command in (string[])["start", "restart", "status", "stop", "logs", "wait", "forget"])
            {
                (await _cli.RunAsync(command, "--port", Port, "--state-dir", path)).AssertOneLine(2, "the state directory", says);
            }
        }
    }

    [Theory]
    [InlineData("directory", "is a directory; move it away")]
    [InlineData("pipe", "is a pipe or a device; move it away")]
    [InlineData("link", "is a symbolic link, which is not followed; move it away")]
    public async Task Start_LogIsNoFile_IsOneClearFailure(string kind, string says)
    {
        Directory.CreateDirectory(_cli.StateDirectory);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_cli.StateDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        var log = _cli.File(_port, "log");
        switch (kind)
        {
            case "directory":
                Directory.CreateDirectory(log);
                break;
            case "link":
                File.CreateSymbolicLink(log, "/dev/null");
                break;
            default:
                using (var make = System.Diagnostics.Process.Start("mkfifo", [log]))
                {
                    await make.WaitForExitAsync(TestContext.Current.CancellationToken);
                }

                break;
        }

        var result = await _cli.RunAsync(CliFixture.StartFaulty(_port));
        result.AssertOneLine(2, "invalid-configuration", log, says);
        Assert.True(FreePort.IsFree(_port));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1d")]
    public async Task Stop_GraceOfNothingAndOfADay_AreAccepted(string grace)
    {
        await _cli.RunAsync(CliFixture.StartFaulty(_port));
        Assert.Equal(0, (await _cli.RunAsync("stop", "--port", Port, "--grace", grace)).ExitCode);
        Assert.True(FreePort.IsFree(_port));
    }

    [Fact]
    public async Task Start_ArgumentsWithShellSyntax_ReachTheDaemonAsTheyAre()
    {
        var result = await _cli.RunAsync(CliFixture.StartFaulty(_port, "--say", "$(id) `id` ; @file \"x\" {name}"));
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("$(id) `id` ; @file \"x\" {name}", (await _cli.RunAsync("logs", "--port", Port)).Out);
    }

    [Fact]
    public async Task Start_OnATerminal_ShowsStagesAndColour()
    {
        var colour = new Dictionary<string, string?> { ["TERM"] = "xterm", ["NO_COLOR"] = null };
        var result = await _cli.RunOnTerminalAsync(colour, CliFixture.StartFaulty(_port));
        Assert.Equal(0, result.ExitCode);
        Assert.All((string[])["preflight", "spawn", "pid_file", "port_bound", "health"], stage => Assert.Matches($@"✓.* {stage}\s", result.Out));
        Assert.Contains("\e[32mrunning\e[0m", result.Out);
    }

    [Fact]
    public async Task Start_OnATerminalWithNoColor_HasStagesWithoutColour()
    {
        var plain = new Dictionary<string, string?> { ["TERM"] = "xterm", ["NO_COLOR"] = "1" };
        var result = await _cli.RunOnTerminalAsync(plain, CliFixture.StartFaulty(_port));
        Assert.Contains("✓ health", result.Out);
        Assert.DoesNotMatch(@"\e\[\d+m", result.Out);
    }

    [Theory]
    [InlineData("INT", "--hang")]
    [InlineData("TERM", "--hang")]
    [InlineData("INT", "--silent")]
    [InlineData("INT", "--no-pid-file", "--pid-file", "{pidfile}")]
    public async Task Start_InterruptedInAnyStage_StopsTheDaemonAndLeavesNothing(string signal, params string[] faults)
    {
        await using var start = _cli.Start(CliFixture.StartFaulty(_port, [.. faults, "--say", "I-live"]));
        await Wait.UntilAsync(
            () => File.Exists(_cli.File(_port, "log")) && File.ReadAllText(_cli.File(_port, "log")).Contains("I-live", StringComparison.Ordinal),
            "the daemon is up");
        start.Signal(signal);
        var result = await start.EndAsync();

        Assert.Equal(("", 1), (result.Out, result.ExitCode));
        Assert.Contains("cancelled", result.Error);
        Assert.False(File.Exists(_cli.File(_port, "pid")));
        Assert.False(File.Exists(_cli.File(_port, "instance.json")));
        Assert.True(FreePort.IsFree(_port));
        Assert.Equal(3, (await _cli.RunAsync("status", "--port", Port)).ExitCode);
    }

    [Fact]
    public async Task Start_InterruptedWhileItWaitsForAnotherStart_LeavesThatAlone()
    {
        await using var first = _cli.Start(CliFixture.StartFaulty(_port, "--start-delay", "600000"));
        await Wait.UntilAsync(() => File.Exists(_cli.File(_port, "pid")), "the first start is under way");

        await using var second = _cli.Start(CliFixture.StartFaulty(_port));
        await Task.Delay(500);
        second.Signal("INT");
        var result = await second.EndAsync();
        Assert.NotEqual(0, result.ExitCode);
        Assert.Equal("", result.Out);

        Assert.Equal("starting", (await _cli.JsonAsync(4, "status", "--port", Port, "--json")).GetProperty("verdict").GetString());
        first.Signal("INT");
        Assert.Equal(1, (await first.EndAsync()).ExitCode);
        Assert.Equal(3, (await _cli.RunAsync("status", "--port", Port)).ExitCode);
    }
}
