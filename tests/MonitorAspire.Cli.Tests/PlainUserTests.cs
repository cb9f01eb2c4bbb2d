using MonitorAspire.Testing;

namespace MonitorAspire.Cli.Tests;

/// <summary>The messages for a user without privileges. Where the tests run as root, the command runs as nobody (setpriv(1)).</summary>
public sealed class PlainUserTests : IAsyncDisposable
{
    private const int Nobody = 65534;

    private readonly CliFixture _cli = new();
    private readonly TemporaryDirectory _theirs = new();

    public PlainUserTests()
    {
        // Only its owner may enter the fixture's directory, and perhaps the directory of the tests. The plain user may enter this one.
        if (Environment.IsPrivilegedProcess)
        {
            Run("cp", "-R", AppContext.BaseDirectory, _theirs["bin"]);
            Run("chown", "-R", $"{Nobody}:{Nobody}", _theirs.Path);
        }
    }

    private string StateDirectory => _theirs["state"];

    public async ValueTask DisposeAsync()
    {
        await AsPlainUserAsync("stop", "--all", "--grace", "500ms");
        await _cli.DisposeAsync();
        _theirs.Dispose();
    }

    [Fact]
    public async Task Start_PrivilegedPort_ExitsWithSevenAndSaysWhy()
    {
        var result = await AsPlainUserAsync("start", "--port", "81");
        Assert.Equal(7, result.ExitCode);
        Assert.Contains("permission-denied", result.Error, StringComparison.Ordinal);
        Assert.Contains("81", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(StateDirectory, "monitor-daemon-81.pid")));
    }

    [Fact]
    public async Task Up_DaemonOfAnotherUser_SaysThatOnlyRootCan()
    {
        var port = FreePort.Consecutive(2);
        var file = Path.Combine(_theirs.Path, "fleet.json");
        await File.WriteAllTextAsync(file, $$"""{ "Monitors": { "Daemons": [ { "Name": "web", "Port": {{port}}, "Command": "sleep", "Arguments": ["60"], "User": "root" } ] } }""");

        await using var up = StartAsPlainUser([new("INVOCATION_ID", null)], "up", "--supervisor-port", CliFixture.Text(port + 1), "--config", file);
        await up.SeenAsync("only root can run a daemon as user 'root'; this program runs as uid ");
        Assert.DoesNotContain(up.Out, line => line.Contains("User=", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Check_DaemonOfAnotherUserUnderSystemd_NamesTheLineOfTheUnit()
    {
        var file = Path.Combine(_theirs.Path, "fleet.json");
        await File.WriteAllTextAsync(file, """{ "Monitors": { "Daemons": [ { "Name": "web", "Port": 9000, "Command": "sleep", "Arguments": ["60"], "User": "root" } ] } }""");

        await using var check = StartAsPlainUser([new("INVOCATION_ID", "5f4dcc3b5aa765d61d8327deb882cf99")], "check", file);

        Assert.Contains("only root can run a daemon as user 'root'; this program runs as uid 65534 (remove the line 'User=' from its systemd unit, so that it runs as root)", (await check.EndAsync()).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_StateDirectoryOfSomebodyElse_ExitsWithSeven()
    {
        var result = await AsPlainUserAsync("start", "--port", CliFixture.Text(FreePort.Next()), "--state-dir", "/root/monitor-aspire-state");
        Assert.Equal(7, result.ExitCode);
        Assert.Contains("/root/monitor-aspire-state", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_PidFileThatIsNotOursToRead_IsRefusedAndStays()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs a file of another user");
        var port = FreePort.Next();
        await AsPlainUserAsync("start", "--port", CliFixture.Text(port));
        await AsPlainUserAsync("stop", "--port", CliFixture.Text(port));
        var file = Path.Combine(StateDirectory, $"monitor-daemon-{port}.pid");
        await File.WriteAllTextAsync(file, $"{Environment.ProcessId}\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var result = await AsPlainUserAsync("start", "--port", CliFixture.Text(port));
        Assert.Equal(7, result.ExitCode);
        Assert.Contains(file, result.Error, StringComparison.Ordinal);
        Assert.Equal($"{Environment.ProcessId}\n", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task StartStopStatus_DaemonOfAnotherUser_IsForeignAndNotTouched()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs a daemon of another user");
        var port = FreePort.Next();
        Assert.Equal(0, (await _cli.RunAsync("start", "--port", CliFixture.Text(port))).ExitCode);
        var pid = await File.ReadAllTextAsync(_cli.File(port, "pid"));

        var start = await AsPlainUserAsync("start", "--port", CliFixture.Text(port));
        Assert.Equal(4, start.ExitCode);
        Assert.Contains("may not inspect", start.Error, StringComparison.Ordinal);
        Assert.Equal(4, (await AsPlainUserAsync("status", "--port", CliFixture.Text(port))).ExitCode);
        Assert.Equal(8, (await AsPlainUserAsync("stop", "--port", CliFixture.Text(port))).ExitCode);

        // Nothing can be read in the state directory of the other user, so nothing is said about it.
        Assert.Equal(4, (await AsPlainUserAsync("status", "--port", CliFixture.Text(port), "--state-dir", _cli.StateDirectory)).ExitCode);
        Assert.Equal(0, (await _cli.RunAsync("status", "--port", CliFixture.Text(port))).ExitCode);
        Assert.Equal(pid, await File.ReadAllTextAsync(_cli.File(port, "pid")));
    }

    [Fact]
    public async Task StartStop_AsPlainUser_Works()
    {
        var port = FreePort.Next();
        var start = await AsPlainUserAsync("start", "--port", CliFixture.Text(port));
        Assert.True(start.ExitCode == 0, start.Error);
        Assert.Equal(0, (await AsPlainUserAsync("status", "--port", CliFixture.Text(port))).ExitCode);
        Assert.Equal(0, (await AsPlainUserAsync("stop", "--port", CliFixture.Text(port))).ExitCode);
        Assert.True(FreePort.IsFree(port));
    }

    private async Task<CliResult> AsPlainUserAsync(params string[] arguments)
    {
        await using var running = StartAsPlainUser(arguments);
        return await running.EndAsync();
    }

    private RunningCli StartAsPlainUser(params string[] arguments) => StartAsPlainUser([], arguments);

    private RunningCli StartAsPlainUser(KeyValuePair<string, string?>[] variables, params string[] arguments)
    {
        var monitor = Path.Combine(Environment.IsPrivilegedProcess ? _theirs["bin"] : AppContext.BaseDirectory, "monitor");
        var environment = new Dictionary<string, string?>(variables) { ["MONITOR_STATE_DIR"] = StateDirectory, ["HOME"] = _theirs.Path };
        return Environment.IsPrivilegedProcess
            ? _cli.Start("setpriv", [$"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", monitor, .. arguments], environment)
            : _cli.Start(monitor, arguments, environment);
    }

    private static void Run(string command, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(command, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
