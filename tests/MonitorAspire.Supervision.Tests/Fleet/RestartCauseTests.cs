using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Fleet;

/// <summary>Real daemons that are restarted because of their memory, or because files have changed.</summary>
public sealed class RestartCauseTests : IAsyncDisposable
{
    // It runs the statements in the file that its second argument names, as soon as there is one, and only once for all instances.
    private const string Server = """
        import http.server, mmap, os, sys, threading, time
        def obey():
            while not os.path.exists(sys.argv[2]):
                time.sleep(0.02)
            orders = open(sys.argv[2]).read()
            os.rename(sys.argv[2], sys.argv[2] + ".done")
            exec(orders, globals())
        threading.Thread(target=obey, daemon=True).start()
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
            def log_message(self, *arguments):
                pass
        http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
        """;

    private const string GrowInAChild = "import subprocess; child = subprocess.Popen([sys.executable, '-c', 'import time; data = bytearray(b\"x\") * (150 << 20); time.sleep(600)'])";

    // Four children that touch the same 60 MiB: 300 MiB if each one counts them, 60 MiB in truth.
    private const string ShareWithChildren = """
        shared = mmap.mmap(-1, 60 << 20)
        def touch():
            for at in range(0, 60 << 20, 4096):
                shared[at] = 1
        touch()
        for child in range(4):
            if os.fork() == 0:
                touch()
                open(sys.argv[2] + f".{child}", "w").close()
                time.sleep(600)
        """;

    private const long Limit = 120L << 20;

    private readonly TemporaryDirectory _root = new();
    private readonly int _port = FreePort.Next();
    private readonly ConcurrentQueue<FleetEvent> _events = new();
    private FleetSupervisor? _fleet;

    private DaemonSnapshot Daemon => _fleet!.Find("d")!;

    private string Orders => _root["orders"];

    public async ValueTask DisposeAsync()
    {
        if (_fleet is not null)
        {
            await _fleet.EndAsync(TestContext.Current.CancellationToken);
            await _fleet.DisposeAsync();
        }

        _root.Dispose();
    }

    [Fact]
    public async Task Memory_OfAChildIsAboveTheLimit_RestartsWithThatReasonAndCountsAFailure()
    {
        await BeginAsync(Spec() with { MemoryLimitBytes = Limit });
        var first = Daemon.Pid;

        Order(GrowInAChild);
        await Wait.UntilAsync(() => Daemon is { State: DaemonState.Running, Restarts: 1 }, "the restart");

        Assert.NotEqual(first, Daemon.Pid);
        Assert.Equal((StartupReason.MemoryLimit, 1), (Daemon.LastFailure?.Reason, Daemon.ConsecutiveFailures));
        Assert.Matches(@"^its processes have 1[5-9]\d(\.\d)? MiB of memory, more than its limit of 120 MiB$", Daemon.LastFailure!.Detail);
        await Wait.UntilAsync(() => _events.Any(e => e.Daemon is { Restarts: 1, State: DaemonState.Running }), "the events");
        Assert.Contains(_events, e => e.Message?.Contains("(look 1 of 3)", StringComparison.Ordinal) == true);
        Assert.Contains(_events, e => e is { Daemon.State: DaemonState.Stopping, Message: { } why } && why.StartsWith("restarted, because its processes have", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Memory_IsSharedByTheProcesses_CountsOnce()
    {
        await BeginAsync(Spec() with { MemoryLimitBytes = Limit });

        Order(ShareWithChildren);
        await Wait.UntilAsync(() => Enumerable.Range(0, 4).All(child => File.Exists($"{Orders}.{child}")), "the children have touched the memory");
        await ProbesAsync(10);

        Assert.Equal((DaemonState.Running, 0, null), (Daemon.State, Daemon.Restarts, Daemon.LastFailure));
    }

    [Fact]
    public async Task Memory_AboveTheLimitAndNeverRestarted_IsReported()
    {
        await BeginAsync(Spec() with { MemoryLimitBytes = Limit, Restart = new RestartPolicy { Mode = RestartMode.Never } });
        var first = Daemon.Pid;

        Order(GrowInAChild);
        await Wait.UntilAsync(() => Daemon.LastFailure is not null, "the failure");

        Assert.Equal((StartupReason.MemoryLimit, DaemonState.Running, first), (Daemon.LastFailure!.Reason, Daemon.State, Daemon.Pid));
    }

    [Fact]
    public async Task Change_OfAFile_RestartsOnceForAllWritesAndIsNoFailure()
    {
        var file = Write("app.conf", "1");
        await BeginAsync(Watching("app.conf"));

        for (var i = 0; i < 10; i++)
        {
            File.AppendAllText(file, "2");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        await RestartedAsync(1);
        Assert.Equal((0, null), (Daemon.ConsecutiveFailures, Daemon.LastFailure));
        await Wait.UntilAsync(() => _events.Any(e => e.Message == $"restarted, because {file} has changed"), "the event");

        // As editors save: a new file with the name of the old one.
        Write("app.conf.new", "3");
        File.Move(_root["app.conf.new"], file, overwrite: true);
        await RestartedAsync(2);

        // Without the file nothing could be better. It counts again when it is back.
        File.Delete(file);
        await ProbesAsync(10);
        Write("app.conf", "4");
        await RestartedAsync(3);
    }

    [Fact]
    public async Task Change_BehindASymbolicLink_IsSeen()
    {
        // The layout of a Kubernetes config map.
        foreach (var version in (string[])["..1", "..2"])
        {
            Directory.CreateDirectory(_root[$"config/{version}"]);
            Write($"config/{version}/app.conf", version);
        }

        File.CreateSymbolicLink(_root["config/..data"], "..1");
        File.CreateSymbolicLink(_root["config/app.conf"], "..data/app.conf");
        await BeginAsync(Watching("config"));

        File.CreateSymbolicLink(_root["config/..new"], "..2");
        using (var move = Process.Start("mv", ["-T", _root["config/..new"], _root["config/..data"]]))
        {
            await move.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await RestartedAsync(1);
    }

    [Fact]
    public async Task Change_OfADirectory_IsThatOfAllFilesButTemporaryOnes()
    {
        Directory.CreateDirectory(_root["code/deep"]);
        Directory.CreateDirectory(_root["code/__pycache__"]);
        await BeginAsync(Watching("code"));

        foreach (var ignored in (string[])["code/.app.py.swp", "code/app.py~", "code/__pycache__/app.pyc"])
        {
            Write(ignored, "x");
        }

        await ProbesAsync(10);
        Assert.Equal(0, Daemon.Restarts);

        Write("code/deep/app.py", "x");
        await RestartedAsync(1);
        File.Delete(_root["code/deep/app.py"]);
        await RestartedAsync(2);
    }

    [Fact]
    public async Task Change_TheNewStartWouldFail_KeepsTheInstanceThatServes()
    {
        Write("app.conf", "1");
        Write("app.env", "A=1");
        await BeginAsync(Watching("app.conf") with { EnvironmentFiles = ["app.env"] });
        var first = Daemon.Pid;

        File.Delete(_root["app.env"]);
        Write("app.conf", "22");
        await Wait.UntilAsync(() => _events.Any(e => e.Message?.Contains("the instance that serves is kept: the environment file", StringComparison.Ordinal) == true), "the refusal");

        Assert.Equal((DaemonState.Running, first, 0), (Daemon.State, Daemon.Pid, Daemon.Restarts));
    }

    [Fact]
    public async Task Change_FixesAFailedDaemon_IsTriedAtOnce()
    {
        Write("app.py", "raise SystemExit(3)");
        var spec = Watching("app.py") with { Command = "python3", Arguments = ["app.py", "{port}", Orders], Restart = new RestartPolicy { InitialDelay = TimeSpan.FromMinutes(10), MaxDelay = TimeSpan.FromMinutes(10) } };
        Begin(spec);
        await Wait.UntilAsync(() => Daemon.State == DaemonState.Backoff, "the back-off");

        Write("app.py", Server);

        await Wait.UntilAsync(() => Daemon.State == DaemonState.Running, "the start");
    }

    [Fact]
    public async Task Change_MadeByTheDaemonItselfAtEachStart_IsNoStorm()
    {
        Write("state.json", "");
        var policy = new RestartPolicy { Budget = 2, MaxDelay = TimeSpan.FromMinutes(10) };
        Begin(Watching("state.json") with { Restart = policy, Arguments = ["-c", $"open('state.json', 'a').write('x')\n{Server}", "{port}", Orders] });

        await RestartedAsync(2);
        await ProbesAsync(20);

        Assert.Equal(2, Daemon.Restarts);
    }

    [Theory]
    [InlineData(0, "RestartOnChange:Paths: there is no path")]
    [InlineData(1, "RestartOnChange:Delay: 00:00:00 is out of range")]
    [InlineData(2, "'app.conf' is not absolute")]
    [InlineData(3, "1000 is out of range (1048576 to ")]
    public void Validate_Nonsense_IsOneError(int which, string expected)
    {
        var rule = new RestartOnChange { Paths = ["app.conf"] };
        var spec = which switch
        {
            0 => Spec() with { RestartOnChange = new RestartOnChange() },
            1 => Spec() with { RestartOnChange = rule with { Delay = TimeSpan.Zero } },
            2 => Spec() with { RestartOnChange = rule, Launch = LaunchMode.Attached },
            _ => Spec() with { MemoryLimitBytes = 1000 },
        };

        Assert.Contains(expected, FleetTopology.Validate(spec), StringComparison.Ordinal);
    }

    private DaemonSpec Spec() => new() { Name = "d", Port = _port, Command = "python3", Arguments = ["-c", Server, "{port}", Orders], WorkingDirectory = _root.Path };

    private DaemonSpec Watching(string path) => Spec() with { RestartOnChange = new RestartOnChange { Paths = [path], Delay = TimeSpan.FromMilliseconds(300) } };

    private async Task BeginAsync(DaemonSpec spec)
    {
        Begin(spec);
        await Wait.UntilAsync(() => Daemon.State == DaemonState.Running, "the first start");
    }

    private void Begin(DaemonSpec spec)
    {
        var state = _root["state"];
        _fleet = new FleetSupervisor(
            new DaemonEngine(new EngineOptions { StateDirectory = state }, NullLogger<DaemonEngine>.Instance),
            [spec],
            new FleetOptions { StateDirectory = state, StopGracePeriod = TimeSpan.FromSeconds(1), Probe = new ProbePolicy { Interval = TimeSpan.FromMilliseconds(100) } },
            NullLogger<FleetSupervisor>.Instance);
        _ = CollectAsync(_fleet);
        _ = _fleet.BeginAsync(TestContext.Current.CancellationToken);
    }

    private async Task CollectAsync(FleetSupervisor fleet)
    {
        await foreach (var happened in fleet.WatchAsync(0, CancellationToken.None))
        {
            _events.Enqueue(happened);
        }
    }

    private async Task RestartedAsync(int times)
    {
        await Wait.UntilAsync(() => Daemon.State == DaemonState.Running && Daemon.Restarts >= times, string.Create(CultureInfo.InvariantCulture, $"restart {times}"));
        Assert.Equal(times, Daemon.Restarts);
    }

    /// <summary>Waits until the daemon was probed as often as this.</summary>
    private async Task ProbesAsync(int count)
    {
        var last = At();
        for (var i = 0; i < count; i++)
        {
            await Wait.UntilAsync(() => At() != last, "a probe");
            last = At();
        }

        DateTimeOffset? At() => Daemon.Checks[0].At;
    }

    private void Order(string statements)
    {
        Write("orders.new", statements);
        File.Move(_root["orders.new"], Orders);
    }

    private string Write(string name, string content)
    {
        File.WriteAllText(_root[name], content);
        return _root[name];
    }
}
