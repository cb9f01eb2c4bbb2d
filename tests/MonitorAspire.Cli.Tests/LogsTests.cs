using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;

namespace MonitorAspire.Cli.Tests;

/// <summary><c>monitor logs</c>.</summary>
public sealed class LogsTests : IAsyncDisposable
{
    private readonly CliBench _bench = new();
    private readonly int _port = FreePort.Next();

    private string Port => CliBench.Text(_port);

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Logs_NoLog_IsOneLineAndExitCodeOne() =>
        (await _bench.RunAsync("logs", "--port", Port)).AssertOneLine(1, "there is no log", Port);

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "line-3")]
    [InlineData(2, "line-2,line-3")]
    [InlineData(200, "line-1,line-2,line-3")]
    public async Task Logs_Tail_GivesTheLastLines(int tail, string expected)
    {
        WriteLog("line-1\nline-2\nline-3\n");
        var json = await _bench.JsonAsync(0, "logs", "--port", Port, "--tail", CliBench.Text(tail), "--json");
        Assert.Equal(expected, string.Join(',', json.GetProperty("lines").EnumerateArray().Select(l => l.GetString())));
    }

    [Fact]
    public async Task Logs_RotatedAndShort_ReachesBackIntoTheRotatedPart()
    {
        WriteLog("new-1\n");
        File.WriteAllText(_bench.File(_port, "log.1"), "old-1\nold-2\n");
        Assert.Equal("old-2\nnew-1", (await _bench.RunAsync("logs", "--port", Port, "--tail", "2")).Out);
    }

    [Fact]
    public async Task Logs_SymbolicLink_IsNotFollowed()
    {
        Directory.CreateDirectory(_bench.StateDirectory);
        File.CreateSymbolicLink(_bench.File(_port, "log"), "/etc/hostname");
        (await _bench.RunAsync("logs", "--port", Port)).AssertOneLine(1, "symbolic link");
    }

    [Fact]
    public async Task Follow_LogGrowsAndIsRotatedInBothWays_ShowsEveryLineOnce()
    {
        WriteLog("line-1\n");
        await using var follow = _bench.Start("logs", "--port", Port, "--follow");
        await follow.SeenAsync("line-1");

        Append("line-2\n");
        await follow.SeenAsync("line-2");

        // A new instance renames the log of the old one away.
        File.AppendAllText(_bench.File(_port, "log"), "line-3\n");
        File.Move(_bench.File(_port, "log"), _bench.File(_port, "log.1"));
        WriteLog("line-4\n");
        await follow.SeenAsync("line-4");

        // The log of a living instance is emptied from the front.
        Append(string.Concat(Enumerable.Repeat(new string('x', 999) + "\n", 200)) + "line-5\n");
        await follow.SeenAsync("line-5");
        Assert.True(DaemonLog.RotateIfLarger(_bench.File(_port, "log"), 1000, 3));
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
    public async Task Follow_ReaderGoesAway_Ends()
    {
        WriteLog("line-1\n");
        var script = $"'{Path.Combine(AppContext.BaseDirectory, "monitor")}' logs --port {Port} --follow | head -n 1; echo \"first: ${{PIPESTATUS[0]}}\"";
        await using var pipe = _bench.Start("bash", ["-c", script], []);
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
        Directory.CreateDirectory(_bench.StateDirectory);
        using (var made = System.Diagnostics.Process.Start(make, [_bench.File(_port, "log")]))
        {
            await made.WaitForExitAsync();
        }

        (await _bench.RunAsync("logs", "--port", Port)).AssertOneLine(1, "not a regular file");
    }

    private void WriteLog(string text)
    {
        Directory.CreateDirectory(_bench.StateDirectory);
        File.WriteAllText(_bench.File(_port, "log"), text);
    }

    private void Append(string text) => File.AppendAllText(_bench.File(_port, "log"), text);
}
