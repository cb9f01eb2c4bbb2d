namespace MonitorAspire.Cli.Tests;

/// <summary>Bad input is one line on standard error, exit code 2, and nothing is left behind.</summary>
public sealed class UsageTests : IAsyncDisposable
{
    private readonly CliFixture _cli = new();

    public ValueTask DisposeAsync() => _cli.DisposeAsync();

    [Theory]
    [InlineData("", "a command is missing", "start")]
    [InlineData("strat", "unknown command 'strat'", "did you mean 'start'?")]
    [InlineData("frobnicate", "unknown command 'frobnicate'")]
    [InlineData("start --prot 9000", "unknown option '--prot'", "did you mean '--port'?")]
    [InlineData("start --port", "--port needs a value")]
    [InlineData("start --port 0", "--port: '0' is not a port (1-65535)")]
    [InlineData("start --port 70000", "--port: '70000' is not a port")]
    [InlineData("start --port abc", "--port: 'abc' is not a port")]
    [InlineData("start --port -1", "--port")]
    [InlineData("start --port 1 --port 2", "--port is given more than once")]
    [InlineData("start --port-range 9000", "'9000' is not a range of ports")]
    [InlineData("start --port-range 9000-8000", "'9000-8000' ends before it begins")]
    [InlineData("start --port-range 9000-70000", "'9000-70000' is not a range")]
    [InlineData("start --port 9000 --port-range 9000-9001", "--port and --port-range exclude each other")]
    [InlineData("start --timeout 0", "'0' is not a duration")]
    [InlineData("start --timeout 5x", "'5x' is not a duration", "500ms, 30s or 2m")]
    [InlineData("start --timeout -5", "--timeout")]
    [InlineData("start --timeout 1e9", "'1e9' is not a duration")]
    [InlineData("start --name a/b", "name 'a/b'")]
    [InlineData("start --name ../x", "name '../x'")]
    [InlineData("start --health-path health", "health path 'health' does not start with '/'")]
    [InlineData("start --foreground --background", "--background and --foreground exclude each other")]
    [InlineData("start sleep 5", "unexpected 'sleep'", "after '--'")]
    [InlineData("start --host=", "--host")]
    [InlineData("start --rollback", "--rollback goes with --force: without it, a start replaces nothing")]
    [InlineData("reload --supervisor-port x", "--supervisor-port: 'x' is not a port")]
    [InlineData("reset web --port 9000", "a name and --port exclude each other")]
    [InlineData("reset", "no supervisor looks after a daemon on port 8768", "'monitor start --port 8768' starts it")]
    [InlineData("stop extra", "no daemon is named 'extra'")]
    [InlineData("stop one two", "unexpected 'two'")]
    [InlineData("stop --prot", "unknown option '--prot'", "did you mean '--port'?")]
    [InlineData("stop web --port 9000", "a name and --port exclude each other")]
    [InlineData("status web --all", "a name and --all exclude each other")]
    [InlineData("wait --timeout -1", "--timeout")]
    [InlineData("restart web --port 9000", "a name and --port exclude each other")]
    [InlineData("restart web --all", "a name or a command and --all exclude each other")]
    [InlineData("restart --port 9000 --all", "--port and --all exclude each other")]
    [InlineData("restart", "no definition of a daemon on port 8768 is known", "monitor start")]
    [InlineData("start --env", "--env needs a value")]
    [InlineData("start --env =x", "--env: a variable is written as NAME=VALUE")]
    [InlineData("start --timeout 25h", "'25h' is not a duration", "at most 1d")]
    [InlineData("stop --grace 2d", "'2d' is not a duration", "0 to 1d")]
    [InlineData("stop --all --port 9000", "--port and --all exclude each other")]
    [InlineData("status --watch --json", "--watch and --json exclude each other")]
    [InlineData("logs --tail x", "'x' is not a number from 0 to")]
    [InlineData("logs --follow --json", "--follow and --json exclude each other")]
    [InlineData("completion tcsh", "'tcsh'", "bash")]
    [InlineData("completion", "completion needs one of bash, zsh, fish")]
    [InlineData("doctor --fixx", "unknown option '--fixx'", "did you mean '--fix'?")]
    public async Task BadInput_AnyCommand_IsOneLineAndExitCodeTwo(string commandLine, params string[] says)
    {
        var result = await _cli.RunAsync(commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        result.AssertOneLine(2, says);
        Assert.False(Directory.Exists(_cli.StateDirectory), "a state directory was made");
    }

    [Fact]
    public async Task Help_OfEveryCommand_HasExamplesAndExitCodes()
    {
        foreach (var command in (string[])["start", "stop", "restart", "status", "wait", "logs", "forget", "doctor", "up", "reload", "reset", "check", "completion"])
        {
            var result = await _cli.RunAsync(command, "--help");
            Assert.Equal(0, result.ExitCode);
            Assert.Equal("", result.Error);
            Assert.Contains($"monitor {command}", result.Out);
            Assert.Contains("Examples:", result.Out);
            Assert.Contains("Exit codes", result.Out);
        }
    }

    [Fact]
    public async Task Version_Asked_IsPrinted()
    {
        var result = await _cli.RunAsync("--version");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Matches(@"^\d+\.\d+\.\d+", result.Out);
    }

    [Fact]
    public async Task Suggest_PartOfAnOption_CompletesIt()
    {
        var result = await _cli.RunAsync("[suggest:14]", "start --port-r");
        Assert.Equal("--port-range", result.Out);
    }

    [Theory]
    [InlineData("monitor st", "start status stop")]
    [InlineData("monitor re", "reload reset restart")]
    [InlineData("monitor start --port-r", "--port-range")]
    [InlineData("monitor completion ", "bash fish zsh")]
    public async Task Completion_InBash_CompletesCommandsAndOptions(string line, string expected)
    {
        var script = $$"""
            PATH='{{AppContext.BaseDirectory}}':$PATH
            source <(monitor completion bash)
            COMP_LINE='{{line}}' COMP_POINT={{line.Length}} COMP_WORDS=({{line}}) COMP_CWORD={{line.Split(' ').Length - 1}}
            _monitor_complete
            printf '%s\n' "${COMPREPLY[@]}" | grep -v -e '^-h$' -e '^--help$' | sort
            """;
        await using var bash = _cli.Start("bash", ["-c", script], []);
        Assert.Equal(expected, string.Join(' ', (await bash.EndAsync()).Out.Split('\n').Order(StringComparer.Ordinal)));
    }
}
