using System.Globalization;
using MonitorAspire.Testing;

namespace MonitorAspire.Cli.Tests;

/// <summary><c>monitor start --foreground</c>: it runs as long as the daemon, and its exit code is true.</summary>
public sealed class ForegroundTests : IAsyncDisposable
{
    private readonly CliFixture _cli = new();
    private readonly int _port = FreePort.Next();

    public ValueTask DisposeAsync() => _cli.DisposeAsync();

    private RunningCli Start(params string[] faults) => _cli.Start(CliFixture.StartFaulty(_port, ["--foreground"], faults));

    private int DaemonPid => int.Parse(File.ReadAllText(_cli.File(_port, "pid")), CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task Foreground_Interrupted_StopsTheDaemonAndExitsWithZero(string signal)
    {
        await using var running = Start("--say", "hello-from-the-daemon");
        await running.SeenAsync("running: PID");
        await running.SeenAsync("hello-from-the-daemon");
        running.Signal(signal);
        var result = await running.EndAsync();

        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        Assert.Contains("stopped: PID", result.Out);
        Assert.True(FreePort.IsFree(_port));
        Assert.False(File.Exists(_cli.File(_port, "pid")));
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("0", 6)]
    public async Task Foreground_DaemonEndsByItself_ExitsWithItsCodeAndNeverWithZero(string code, int expected)
    {
        await using var running = Start("--exit-after", "600000", "--exit-code", code);
        await running.SeenAsync("running: PID");
        await SignalDaemonAsync("TERM");
        var result = await running.EndAsync();

        Assert.Equal(expected, result.ExitCode);
        Assert.Contains($"ended by itself: exit code {code}", result.Error);
    }

    [Fact]
    public async Task Foreground_DaemonKilled_ExitsWith128PlusSignal()
    {
        await using var running = Start();
        await running.SeenAsync("running: PID");
        await SignalDaemonAsync("KILL");
        var result = await running.EndAsync();
        Assert.Equal(137, result.ExitCode);
        Assert.Contains("signal 9 (SIGKILL)", result.Error);
    }

    [Fact]
    public async Task Foreground_SecondInterrupt_DoesNotWaitForTheGracePeriod()
    {
        await using var running = Start("--ignore-term");
        await running.SeenAsync("running: PID");
        var pid = DaemonPid;
        running.Signal("INT");
        await Task.Delay(300);
        running.Signal("INT");
        var result = await running.EndAsync();

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("SIGKILL was needed", result.Out);
        Assert.False(Directory.Exists($"/proc/{pid}"));
    }

    private async Task SignalDaemonAsync(string signal)
    {
        using var kill = System.Diagnostics.Process.Start("kill", [$"-{signal}", CliFixture.Text(DaemonPid)]);
        await kill.WaitForExitAsync();
    }
}
