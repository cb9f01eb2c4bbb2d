using System.Net;
using System.Net.Sockets;
using MonitorAspire.Testing;

namespace MonitorAspire.Cli.Tests;

/// <summary><c>monitor wait</c>: exit code 0 for a daemon that serves, the reason's code for one that cannot, 5 when the time is up.</summary>
public sealed class WaitTests : IAsyncDisposable
{
    private readonly CliFixture _cli = new();
    private readonly int _port = FreePort.Next();

    private string Port => CliFixture.Text(_port);

    public ValueTask DisposeAsync() => _cli.DisposeAsync();

    [Fact]
    public async Task Wait_DaemonThatStartsLater_ReturnsWhenItServes()
    {
        await using var wait = _cli.Start("wait", "--port", Port);
        await using var start = _cli.Start(CliFixture.StartFaulty(_port, "--start-delay", "1000"));
        var result = await wait.EndAsync();
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        Assert.Matches($@"^monitor-{Port} serves: PID \d+, port {Port}$", result.Out);
        Assert.Equal(0, (await start.EndAsync()).ExitCode);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("300ms")]
    public async Task Wait_NothingStarts_ExitsWithFiveWhenTheTimeIsUp(string timeout) =>
        (await _cli.RunAsync("wait", "--port", Port, "--timeout", timeout)).AssertOneLine(5, "the time is up", "not-running");

    [Fact]
    public async Task Wait_DaemonThatEnds_ExitsWithSixLongBeforeTheTimeIsUp()
    {
        // Long enough that wait sees it before it ends, also on a busy machine.
        await using var start = _cli.Start("start", "--port", Port, "--", "sh", "-c", "sleep 15; exit 3");
        await Wait.UntilAsync(() => File.Exists(_cli.File(_port, "pid")), "the process");
        var result = await _cli.RunAsync("wait", "--port", Port, "--timeout", "1h");
        result.AssertOneLine(6, $"monitor-{Port} does not serve (it cannot serve)");
        Assert.Equal(6, (await start.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Wait_ForeignProcessHasThePort_ExitsWithEight()
    {
        using var foreign = new TcpListener(IPAddress.Loopback, _port);
        foreign.Start();
        (await _cli.RunAsync("wait", "--port", Port, "--timeout", "1h")).AssertOneLine(8, $"PID {Environment.ProcessId}");
    }

    [Fact]
    public async Task Wait_OneIsRestartedMeanwhile_IsNotTakenForItsEnd()
    {
        await _cli.RunAsync(CliFixture.StartFaulty(_port, "--mood", _cli["mood"]));
        await File.WriteAllTextAsync(_cli["mood"], "503", TestContext.Current.CancellationToken);
        Assert.Equal(4, (await _cli.RunAsync("status", "--port", Port)).ExitCode);
        await using var wait = _cli.Start("wait", "--port", Port);
        await using var restart = _cli.Start("restart", "--port", Port);
        await Wait.UntilAsync(() => restart.Error.Count > 0 || Reset(), "the restart");
        Assert.Equal(0, (await wait.EndAsync()).ExitCode);
        Assert.Equal(0, (await restart.EndAsync()).ExitCode);

        // The new instance is healthy.
        bool Reset()
        {
            File.WriteAllText(_cli["mood"], "200");
            return true;
        }
    }

    [Fact]
    public async Task WaitAll_TwoRunAndOneIsStopped_WaitsForThoseThatAreNotStopped()
    {
        int[] ports = [_port, FreePort.Next(), FreePort.Next()];
        foreach (var port in ports)
        {
            await _cli.RunAsync(CliFixture.StartFaulty(port));
        }

        await _cli.RunAsync("stop", "--port", CliFixture.Text(ports[2]));
        var all = await _cli.JsonAsync(0, "wait", "--all", "--json");
        Assert.Equal(ports.Take(2).Order(), all.EnumerateArray().Select(d => d.GetProperty("port").GetInt32()));
        await _cli.RunAsync("stop", "--all");
        (await _cli.RunAsync("wait", "--all", "--timeout", "200ms")).AssertOneLine(5, "there is no daemon to wait for");
    }
}
