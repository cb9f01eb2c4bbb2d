using MonitorAspire.Testing;

namespace MonitorAspire.Cli.Tests;

/// <summary><c>monitor doctor</c>: its output and exit codes. The tests of the engine prove what it finds.</summary>
public sealed class DoctorTests : IAsyncDisposable
{
    private readonly CliFixture _cli = new();
    private readonly int _port = FreePort.Next();

    public ValueTask DisposeAsync() => _cli.DisposeAsync();

    [Fact]
    public async Task Doctor_NothingThere_IsHealthyAndMakesNothing()
    {
        var result = await _cli.RunAsync("doctor", "--fix");
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        Assert.Contains("no problems", result.Out);
        Assert.False(Directory.Exists(_cli.StateDirectory));
    }

    [Fact]
    public async Task Doctor_StalePidFile_ExitsWithOneUntilItIsMended()
    {
        await _cli.RunAsync(CliFixture.StartFaulty(_port));
        await _cli.RunAsync("stop", "--port", CliFixture.Text(_port));
        File.WriteAllText(_cli.File(_port, "pid"), "4194304\n");
        File.SetUnixFileMode(_cli.File(_port, "pid"), UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var found = await _cli.RunAsync("doctor");
        Assert.Equal(1, found.ExitCode);
        Assert.Contains($"[pid-file-stale] port {_port}: ", found.Out);
        Assert.Contains("1 of them provably safe to fix: monitor doctor --fix", found.Out);
        Assert.True(File.Exists(_cli.File(_port, "pid")), "doctor without --fix changed something");

        var isFixed = await _cli.RunAsync("doctor", "--fix");
        Assert.Equal(0, isFixed.ExitCode);
        Assert.Contains("fixed   [pid-file-stale]", isFixed.Out);
        Assert.False(File.Exists(_cli.File(_port, "pid")));
        Assert.Equal(0, (await _cli.JsonAsync(0, "doctor", "--json")).GetProperty("problems").GetInt32());
    }

    [Fact]
    public async Task Doctor_OnePort_SaysNothingOfTheOthers()
    {
        var other = FreePort.Next();
        await _cli.RunAsync(CliFixture.StartFaulty(_port));
        File.WriteAllText(_cli.File(other, "pid"), "4194304\n");
        File.SetUnixFileMode(_cli.File(other, "pid"), UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var mine = await _cli.RunAsync("doctor", "--port", CliFixture.Text(_port));
        var spoiled = await _cli.RunAsync("doctor", "--port", CliFixture.Text(other));
        var wrong = await _cli.RunAsync("doctor", "--port", "0");

        Assert.Equal((0, 1, 2), (mine.ExitCode, spoiled.ExitCode, wrong.ExitCode));
        Assert.Contains("no problems; 1 daemon runs", mine.Out);
        Assert.Contains($"[pid-file-stale] port {other}: ", spoiled.Out);
        Assert.Contains("0 daemons run", spoiled.Out);
        Assert.Contains("--port: '0' is not a port (1-65535)", wrong.Error);
    }
}
