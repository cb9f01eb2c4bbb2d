using System.Diagnostics;
using System.Globalization;
using MonitorAspire.Testing;

namespace MonitorAspire.Cli.Tests;

/// <summary>As PID 1 of a container, or as a subreaper: orphans are reaped, signals are passed on, and exit codes stay true.</summary>
public sealed class ContainerTests : IAsyncDisposable
{
    // Each orphan ends soon after its parent, and says so. The daemon itself prints the signals that it gets.
    private const string Daemon = """
        import http.server, os, signal, sys
        for i in range(10):
            if os.fork() == 0:
                if os.fork() == 0:
                    open(sys.argv[2], 'a').write('o')
                os._exit(0)
            os.wait()
        for name in ('SIGHUP', 'SIGUSR1', 'SIGUSR2'):
            signal.signal(getattr(signal, name), lambda number, frame: print('got', signal.Signals(number).name, flush=True))
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200); self.send_header('Content-Length', '2'); self.end_headers(); self.wfile.write(b'ok')
            def log_message(self, *a): pass
        http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
        """;

    private const string Subreaper = "import ctypes, os, sys; ctypes.CDLL(None).prctl(36, 1, 0, 0, 0); os.execv(sys.argv[1], sys.argv[1:])";

    private static readonly string[] UnshareOptions = ["--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"];
    private static readonly string Monitor = Path.Combine(AppContext.BaseDirectory, "monitor");

    private readonly CliFixture _cli = new();
    private readonly int _port = FreePort.Next();

    public ContainerTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "PID namespaces and subreapers are Linux's");

    public ValueTask DisposeAsync() => _cli.DisposeAsync();

    [Fact]
    public async Task Foreground_AsPid1_ReapsOrphansPassesSignalsOnAndEnds()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "a PID namespace needs root");
        await using var container = _cli.Start("unshare", [.. UnshareOptions, Monitor, .. await ForegroundAsync()], []);
        await container.SeenAsync("running: PID");
        var monitor = await OnlyChildAsync(container.Pid);
        await AllReapedAsync(monitor);

        foreach (var signal in new[] { "HUP", "USR1", "USR2" })
        {
            CliFixture.Signal(monitor, signal);
            await container.SeenAsync($"got SIG{signal}");
        }

        CliFixture.Signal(monitor, "TERM");
        var result = await container.EndAsync();
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        Assert.Contains("stopped: PID", result.Out);
    }

    [Fact]
    public async Task Foreground_AsSubreaper_ReapsOrphansAndKeepsTheExitCode()
    {
        await using var running = _cli.Start("python3", ["-c", Subreaper, Monitor, .. await ForegroundAsync()], []);
        await running.SeenAsync("running: PID");
        await AllReapedAsync(running.Pid);

        CliFixture.Signal(int.Parse(await File.ReadAllTextAsync(_cli.File(_port, "pid")), CultureInfo.InvariantCulture), "KILL");
        var result = await running.EndAsync();
        Assert.Equal(137, result.ExitCode);
        Assert.Contains("signal 9 (SIGKILL)", result.Error);
    }

    [Fact]
    public async Task Supervisor_AsPid1_ReapsOrphansRestartsWithTheExitCodeAndEnds()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "a PID namespace needs root");
        var script = await DaemonScriptAsync();
        await using var container = _cli.Start(
            "unshare",
            [
                .. UnshareOptions, Path.Combine(AppContext.BaseDirectory, "monitor-aspire-supervisor"), "--port", CliFixture.Text(FreePort.Next()), "--state-dir", _cli.StateDirectory,
                $"--Monitors:Daemons:0:Port={_port}", "--Monitors:Daemons:0:Command=python3", $"--Monitors:Daemons:0:Arguments:0={script}",
                "--Monitors:Daemons:0:Arguments:1={port}", $"--Monitors:Daemons:0:Arguments:2={_cli["marker"]}",
            ],
            []);
        await container.SeenAsync("1 of 1 daemons are verified");
        var supervisor = await OnlyChildAsync(container.Pid);
        await AllReapedAsync(supervisor);

        CliFixture.Signal((await ChildrenAsync(supervisor)).Single(pid => File.ReadAllText($"/proc/{pid}/cmdline").Contains("daemon.py", StringComparison.Ordinal)), "KILL");
        await container.SeenAsync("ended after it was verified, with signal 9 (SIGKILL)");
        CliFixture.Signal(supervisor, "TERM");
        Assert.Equal(0, (await container.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Start_UnderALimitOfDescriptors_GivesItToTheDaemon()
    {
        await using var running = _cli.Start(
            "sh",
            ["-c", "ulimit -Sn 512; \"$@\"; exit $?", "sh", Monitor, "start", "--port", CliFixture.Text(_port), "--", "sh", "-c", "echo soft $(ulimit -Sn) hard $(ulimit -Hn); exit 7"],
            []);
        Assert.Contains("soft 512 hard ", (await running.EndAsync()).Error);
    }

    [Fact]
    public async Task Up_UnderALimitOfDescriptors_GivesItToTheDaemons()
    {
        await File.WriteAllTextAsync(_cli["fleet.json"], $$"""
            { "Monitors": { "Daemons": [ { "Name": "web", "Port": {{_port}}, "Command": "sh", "Arguments": ["-c", "ulimit -Sn > limit; exec {{CliFixture.FaultDaemon}} --port {port}"], "WorkingDirectory": "{{_cli.WorkingDirectory}}" } ] } }
            """);
        await using var running = _cli.Start(
            "sh", ["-c", "ulimit -Sn 512; \"$@\" & trap 'kill -TERM $!' TERM; wait; wait", "sh", Monitor, "up", "--supervisor-port", CliFixture.Text(FreePort.Next()), "--config", _cli["fleet.json"]], []);
        await Wait.UntilAsync(() => File.Exists(_cli["limit"]) && File.ReadAllText(_cli["limit"]).EndsWith('\n'), "the daemon's limit");
        Assert.Equal("512\n", await File.ReadAllTextAsync(_cli["limit"]));
    }

    private async Task<string[]> ForegroundAsync() =>
        ["start", "--port", CliFixture.Text(_port), "--foreground", "--", "python3", await DaemonScriptAsync(), "{port}", _cli["marker"]];

    private async Task<string> DaemonScriptAsync()
    {
        await File.WriteAllTextAsync(_cli["daemon.py"], Daemon);
        return _cli["daemon.py"];
    }

    // All orphans have ended, and none of them is left as a zombie.
    private async Task AllReapedAsync(int reaper)
    {
        await Wait.UntilAsync(() => File.Exists(_cli["marker"]) && new FileInfo(_cli["marker"]).Length == 10, "ten orphans");
        await Wait.UntilAsync(
            async () => !(await ChildrenAsync(reaper)).Any(pid => ReadStatus(pid).Contains("State:\tZ", StringComparison.Ordinal)), "no zombie");
    }

    private static async Task<int> OnlyChildAsync(int pid)
    {
        var child = 0;
        await Wait.UntilAsync(async () => await ChildrenAsync(pid) is [var only] && (child = only) > 0, "the first process of the container");
        return child;
    }

    private static async Task<IReadOnlyList<int>> ChildrenAsync(int pid)
    {
        using var ps = Process.Start(new ProcessStartInfo("ps", ["-o", "pid=", "--ppid", CliFixture.Text(pid)]) { RedirectStandardOutput = true })!;
        var lines = await ps.StandardOutput.ReadToEndAsync();
        return [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(l => int.Parse(l, CultureInfo.InvariantCulture))];
    }

    private static string ReadStatus(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/status");
        }
        catch (IOException)
        {
            return "";
        }
    }
}
