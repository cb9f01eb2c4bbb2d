using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;

namespace MonitorAspire.Cli.Tests;

/// <summary><c>monitor logs</c>.</summary>
public sealed class LogsTests : IAsyncDisposable
{
    private readonly CliFixture _cli = new();
    private readonly int _port = FreePort.Next();

    private string Port => CliFixture.Text(_port);

    public ValueTask DisposeAsync() => _cli.DisposeAsync();

    [Fact]
    public async Task Logs_NoLog_IsOneLineAndExitCodeOne() =>
        (await _cli.RunAsync("logs", "--port", Port)).AssertOneLine(1, "there is no log", Port);

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "line-3")]
    [InlineData(2, "line-2,line-3")]
    [InlineData(200, "line-1,line-2,line-3")]
    public async Task Logs_Tail_GivesTheLastLines(int tail, string expected)
    {
        WriteLog("line-1\nline-2\nline-3\n");
        var json = await _cli.JsonAsync(0, "logs", "--port", Port, "--tail", CliFixture.Text(tail), "--json");
        Assert.Equal(expected, string.Join(',', json.GetProperty("lines").EnumerateArray().Select(l => l.GetString())));
    }

    [Fact]
    public async Task Logs_RotatedAndShort_ReachesBackIntoTheRotatedPart()
    {
        WriteLog("new-1\n");
        File.WriteAllText(_cli.File(_port, "log.1"), "old-1\nold-2\n");
        Assert.Equal("old-2\nnew-1", (await _cli.RunAsync("logs", "--port", Port, "--tail", "2")).Out);
    }

    [Fact]
    public async Task Logs_SymbolicLink_IsNotFollowed()
    {
        Directory.CreateDirectory(_cli.StateDirectory);
        File.CreateSymbolicLink(_cli.File(_port, "log"), "/etc/hostname");
        (await _cli.RunAsync("logs", "--port", Port)).AssertOneLine(1, "symbolic link");
    }

    [Fact]
    public async Task Follow_LogGrowsAndIsRotatedInBothWays_ShowsEveryLineOnce()
    {
        WriteLog("line-1\n");
        await using var follow = _cli.Start("logs", "--port", Port, "--follow");
        await follow.SeenAsync("line-1");

        Append("line-2\n");
        await follow.SeenAsync("line-2");

        // A new instance renames the log of the old one away.
        File.AppendAllText(_cli.File(_port, "log"), "line-3\n");
        File.Move(_cli.File(_port, "log"), _cli.File(_port, "log.1"));
        WriteLog("line-4\n");
        await follow.SeenAsync("line-4");

        // The log of a living instance is emptied from the front.
        Append(string.Concat(Enumerable.Repeat(new string('x', 999) + "\n", 200)) + "line-5\n");
        await follow.SeenAsync("line-5");
        Assert.True(LogRotation.Rotate(_cli.File(_port, "log"), new LogPolicy { Parts = 3 }, above: 1000));
        Append("line-6\n");
        await follow.SeenAsync("line-6");

        follow.Signal("INT");
        var result = await follow.EndAsync();
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        Assert.Equal(
            ["line-1", "line-2", "line-3", "line-4", "line-5", "line-6"],
            result.Out.Split('\n').Where(l => l.StartsWith("line-", StringComparison.Ordinal)));
        Assert.Equal(200, result.Out.Split('\n').Count(l => l.StartsWith("xxx", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Rotate_DaemonWithoutASupervisor_IsBoundedByItsOwnLimits()
    {
        var started = await _cli.RunAsync("start", "--port", Port, "--log-size", "64k", "--log-parts", "2", "--log-total", "10M", "--log-compress");
        Assert.Equal(0, started.ExitCode);
        var log = _cli.File(_port, "log");
        for (var i = 1; i <= 4; i++)
        {
            Append(string.Concat(Enumerable.Repeat("a line of the daemon\n", 20_000)));
            Assert.Equal((0, $"rotated {log}"), Summary(await _cli.RunAsync("logs", "--port", Port, "--rotate", "--if-due")));
        }

        Assert.True(File.Exists(log + ".2.gz"));
        Assert.False(File.Exists(log + ".3.gz") || File.Exists(log + ".3"));
        Assert.Equal((0, ""), Summary(await _cli.RunAsync("logs", "--rotate", "--all", "--if-due")));

        // The daemon writes to the same file after that.
        Assert.Equal(0, (await _cli.RunAsync("logs", "--rotate", "--all")).ExitCode);
        Assert.Equal(0, (await _cli.RunAsync("stop", "--port", Port)).ExitCode);
        Assert.Contains("has stopped", File.ReadAllText(log));
    }

    [Fact]
    public async Task Rotate_NoLog_IsOneLineAndExitCodeOne() =>
        (await _cli.RunAsync("logs", "--port", Port, "--rotate")).AssertOneLine(1, "there is no log", Port);

    [Theory]
    [InlineData("--all")]
    [InlineData("--if-due")]
    [InlineData("--rotate", "--json")]
    [InlineData("--rotate", "--follow")]
    public async Task Rotate_OptionsThatDoNotGoTogether_AreAUsageError(params string[] options) =>
        Assert.Equal(2, (await _cli.RunAsync(["logs", .. options])).ExitCode);

    [Theory]
    [InlineData("1k", "out of range")]
    [InlineData("10X", "not a size")]
    [InlineData("9999999999G", "not a size")]
    public async Task Start_LogSizeThatIsNone_IsAUsageError(string size, string why) =>
        (await _cli.RunAsync("start", "--port", Port, "--log-size", size)).AssertOneLine(2, why);

    [Fact]
    public async Task Follow_ReaderGoesAway_Ends()
    {
        WriteLog("line-1\n");
        var script = $"'{Path.Combine(AppContext.BaseDirectory, "monitor")}' logs --port {Port} --follow | head -n 1; echo \"first: ${{PIPESTATUS[0]}}\"";
        await using var pipe = _cli.Start("bash", ["-c", script], []);
        await pipe.SeenAsync("line-1");
        await Wait.UntilAsync(
            () =>
            {
                Append("more\n");
                return pipe.Out.Any(l => l.StartsWith("first: ", StringComparison.Ordinal));
            },
            "the follower ended");
        Assert.Contains("first: 0", pipe.Out);
    }

    [Theory]
    [InlineData("mkfifo")]
    [InlineData("mkdir")]
    public async Task Logs_NotARegularFile_IsOneLineAndDoesNotHang(string make)
    {
        Directory.CreateDirectory(_cli.StateDirectory);
        using (var made = System.Diagnostics.Process.Start(make, [_cli.File(_port, "log")]))
        {
            await made.WaitForExitAsync();
        }

        (await _cli.RunAsync("logs", "--port", Port)).AssertOneLine(1, "not a regular file");
    }

    private static (int ExitCode, string Out) Summary(CliResult result) => (result.ExitCode, result.Out);

    private void WriteLog(string text)
    {
        Directory.CreateDirectory(_cli.StateDirectory);
        File.WriteAllText(_cli.File(_port, "log"), text);
    }

    private void Append(string text) => File.AppendAllText(_cli.File(_port, "log"), text);
}
