using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;
using MonitorAspire.Testing.Telemetry;

namespace MonitorAspire.Supervisor.Tests.Hosting;

public sealed class SupervisorLifeTests : IDisposable
{
    private readonly TemporaryDirectory _state = new();
    private readonly int _port = FreePort.Next();
    private readonly int _basePort = FreePort.Consecutive(2);

    private string[] TwoDaemons => ["--count", "2", "--base-port", _basePort.ToString(CultureInfo.InvariantCulture)];

    public SupervisorLifeTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are Unix's");

    public void Dispose() => _state.Dispose();

    [Fact]
    public async Task Run_Term_StopsItsDaemonsAndLeavesNothing()
    {
        await using var supervisor = Start();
        var daemons = await supervisor.RunningAsync(2);

        await supervisor.SignalAsync("TERM");

        Assert.Equal(0, await supervisor.ExitAsync());
        Assert.Empty(supervisor.Errors);
        AssertGone(daemons.Select(d => d.Pid!.Value));
        Assert.Empty(Directory.GetFiles(_state.Path, "*.pid"));
    }

    [Fact]
    public async Task Run_CollectorHangsAtTheEnd_DoesNotDelayTheNextSupervisor()
    {
        await using var collector = await OtlpReceiver.StartAsync(answers: false);
        string[] silent = [$"--Monitors:Daemons:0:Port={_basePort}", "--Monitors:Daemons:0:Environment:OTEL_EXPORTER_OTLP_ENDPOINT="];
        await using var ending = SupervisorProcess.Start(_port, _state.Path, silent, [.. collector.Environment.Select(e => (e.Key, e.Value))]);
        await ending.RunningAsync(1);
        await ending.SignalAsync("TERM");

        // Only the telemetry is not sent yet.
        await Wait.UntilAsync(() => ending.Output.Any(line => line.Contains("Stopped;", StringComparison.Ordinal)), "the supervisor's last log line");
        await using var next = SupervisorProcess.Start(_port, _state.Path, silent);
        await next.RunningAsync(1);

        collector.Answer();
        Assert.Equal(0, await ending.ExitAsync());
    }

    [Fact]
    public async Task Run_TermWhileADaemonStarts_StopsInOrder()
    {
        // It never listens, so its start hangs until its time limit.
        await using var supervisor = SupervisorProcess.Start(_port, _state.Path, Daemon(0, "sleepy", _basePort, "/bin/sleep", "300"));
        int? pid = null;
        await Wait.UntilAsync(
            async () =>
            {
                try
                {
                    pid = (await supervisor.DaemonsAsync())[0].Pid;
                    return pid is not null;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            "the daemon's process");

        await supervisor.SignalAsync("TERM");

        Assert.Equal(0, await supervisor.ExitAsync());
        AssertGone([pid!.Value]);
    }

    [Fact]
    public async Task Run_DaemonsAreNotStopped_TheNextSupervisorAdoptsThem()
    {
        IReadOnlyList<int?> pids;
        await using (var first = Start("--Monitors:StopDaemonsOnShutdown", "false"))
        {
            pids = [.. (await first.RunningAsync(2)).Select(d => d.Pid)];
            await first.SignalAsync("TERM");
            Assert.Equal(0, await first.ExitAsync());
        }

        await using var second = Start();
        var daemons = await second.RunningAsync(2);

        Assert.Equal(pids, daemons.Select(d => d.Pid));
        Assert.All(daemons, d => Assert.True(d.Adopted));
    }

    [Fact]
    public async Task Run_AfterKillWithAHealthCheckInTheBackground_StopsTheCheckAndAdoptsTheDaemon()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the environment of a process is Linux's");
        var file = _state["check.pid"];
        var config = _state["fleet.json"];
        await File.WriteAllTextAsync(config, $$"""
            { "Monitors": { "Daemons": [ { "Name": "a", "Port": {{_basePort}}, "Health": { "Kind": "Command", "Command": "sh", "Arguments":
              ["-c", "test -f {{file}} || { sleep 600 > /dev/null 2>&1 & echo $! > {{file}}.new; mv {{file}}.new {{file}}; }"] } } ] } }
            """, TestContext.Current.CancellationToken);
        int? daemon;
        int check;
        await using (var killed = SupervisorProcess.Start(_port, _state.Path, ["--config", config]))
        {
            daemon = Assert.Single(await killed.RunningAsync(1)).Pid;
            check = int.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
            await killed.SignalAsync("KILL");
            await killed.ExitAsync();
        }

        using var sleeping = Process.GetProcessById(check);
        await using var next = SupervisorProcess.Start(_port, _state.Path, ["--config", config]);

        await sleeping.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Wait.Generous, TestContext.Current.CancellationToken);
        await Wait.UntilAsync(() => next.Output.Any(line => line.Contains($"which were stopped: PID {check}", StringComparison.Ordinal)), "the log names the process");
        Assert.Equal(daemon, Assert.Single(await next.RunningAsync(1)).Pid);
    }

    [Fact]
    public async Task Run_DaemonWasStoppedByAPerson_StaysStoppedAfterAKillAndNotAfterAnEnd()
    {
        var (stopped, other) = ($"monitor-{_basePort}", $"monitor-{_basePort + 1}");
        var file = new SupervisorFiles(_state.Path, _port).Stopped;
        await using (var killed = Start())
        {
            await killed.RunningAsync(2);
            (await killed.SendAsync(HttpMethod.Post, $"/api/daemons/{stopped}/stop", _state.Path)).EnsureSuccessStatusCode();
            await killed.SignalAsync("KILL");
            await killed.ExitAsync();
        }

        await using (var next = Start())
        {
            // Also the first results of a fleet do not wait for it.
            await Wait.UntilAsync(() => next.Output.Any(line => line.Contains("1 of 2 daemons are verified and run", StringComparison.Ordinal)), "the first results");
            Assert.Equal([(stopped, DaemonState.Stopped), (other, DaemonState.Running)], (await next.DaemonsAsync()).Select(d => (d.Name, d.State)));
            Assert.Contains(next.Output, line => line.Contains($"{stopped} stays stopped: a person stopped it", StringComparison.Ordinal));

            // Stopped and started again: it is to run.
            (await next.SendAsync(HttpMethod.Post, $"/api/daemons/{other}/stop", _state.Path)).EnsureSuccessStatusCode();
            (await next.SendAsync(HttpMethod.Post, $"/api/daemons/{other}/start", _state.Path)).EnsureSuccessStatusCode();
            await next.SignalAsync("KILL");
            await next.ExitAsync();
        }

        await using (var third = Start())
        {
            await Wait.UntilAsync(() => third.Output.Any(line => line.Contains("1 of 2 daemons are verified and run", StringComparison.Ordinal)), "the first results");
            Assert.Equal([DaemonState.Stopped, DaemonState.Running], (await third.DaemonsAsync()).Select(d => d.State));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            await third.SignalAsync("TERM");
            Assert.Equal(0, await third.ExitAsync());
        }

        Assert.False(File.Exists(file));
        await using var fresh = Start();
        await fresh.RunningAsync(2);
    }

    [Theory]
    [InlineData("{ no json", true)]
    [InlineData("""{"bootId":"00000000-0000-0000-0000-000000000000","daemons":["NAME"]}""", false)]
    public async Task Run_FileOfStoppedDaemonsIsBrokenOrOfAnotherBoot_StartsAll(string content, bool isSaid)
    {
        var file = new SupervisorFiles(_state.Path, _port).Stopped;
        await File.WriteAllTextAsync(file, content.Replace("NAME", $"monitor-{_basePort}", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        await using var supervisor = Start();

        await supervisor.RunningAsync(2);

        Assert.Equal(isSaid, supervisor.Output.Any(line => line.Contains($"{file} cannot be read", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Run_AfterKill_AdoptsTheDaemonsAndKeepsTheToken()
    {
        IReadOnlyList<int?> pids;
        var token = new SupervisorFiles(_state.Path, _port).Token;
        string before;
        await using (var killed = Start())
        {
            pids = [.. (await killed.RunningAsync(2)).Select(d => d.Pid)];
            before = await File.ReadAllTextAsync(token);
            await killed.SignalAsync("KILL");
            await killed.ExitAsync();
        }

        await using var next = Start();
        var daemons = await next.RunningAsync(2);

        Assert.Equal(pids, daemons.Select(d => d.Pid));
        Assert.All(daemons, d => Assert.Equal(0, d.Restarts));
        Assert.Equal(before, await File.ReadAllTextAsync(token));
    }

    [Fact]
    public async Task Run_AfterKill_TheSummaryCountsTheEarlierStartsOnce()
    {
        await using (var killed = Start())
        {
            var victim = (await killed.RunningAsync(2))[0];
            await SupervisorProcess.SignalAsync(victim.Pid!.Value, "KILL");
            await Wait.UntilAsync(async () => (await killed.DaemonsAsync())[0] is { Restarts: 1, VerifiedAt: not null } d && d.Pid != victim.Pid, "a new instance");
            await Wait.UntilAsync(async () => await StartsAsync(killed) == 3, "three starts in the summary");
            await killed.SignalAsync("KILL");
            await killed.ExitAsync();
        }

        await using var next = Start();
        await next.RunningAsync(2);
        Assert.Equal(3, await StartsAsync(next));
        using var summary = System.Text.Json.JsonDocument.Parse(await next.GetAsync("/api/fleet/summary"));
        Assert.Equal(1, summary.RootElement.GetProperty("restarts").GetInt32());
        Assert.Equal(1, summary.RootElement.GetProperty("starts").GetProperty("successRate").GetDouble());
        var first = summary.RootElement.GetProperty("byDaemon")[0];
        Assert.Equal(2, first.GetProperty("starts").GetProperty("verified").GetInt32());
        Assert.Equal(1, first.GetProperty("restarts").GetInt32());
        Assert.Equal(
            ["preflight", "spawn", "pid_file", "port_bound", "health"], first.GetProperty("stages").EnumerateArray().Select(s => s.GetProperty("stage").GetString()));
        Assert.All(first.GetProperty("stages").EnumerateArray(), s => Assert.InRange(s.GetProperty("p95Ms").GetDouble(), s.GetProperty("p50Ms").GetDouble(), s.GetProperty("maxMs").GetDouble()));

        static async Task<int> StartsAsync(SupervisorProcess supervisor)
        {
            using var summary = System.Text.Json.JsonDocument.Parse(await supervisor.GetAsync("/api/fleet/summary"));
            return summary.RootElement.GetProperty("starts").GetProperty("total").GetInt32();
        }
    }

    [Fact]
    public async Task Run_DaemonIsKilled_IsStartedAgain()
    {
        await using var supervisor = Start();
        var victim = (await supervisor.RunningAsync(2))[0];

        await SupervisorProcess.SignalAsync(victim.Pid!.Value, "KILL");

        await Wait.UntilAsync(async () => (await supervisor.DaemonsAsync())[0] is { Restarts: 1, Pid: { } pid } && pid != victim.Pid, "the restart");
        await supervisor.RunningAsync(2);
    }

    [Fact]
    public async Task Run_ParentIsGone_EndsAndLeavesTheDaemonsToTheNextSupervisor()
    {
        using var parent = Process.Start("sleep", ["300"]);
        IReadOnlyList<int?> pids;
        await using (var supervisor = SupervisorProcess.Start(
            _port, _state.Path, TwoDaemons, ("MONITOR_PARENT_PID", parent.Id.ToString(CultureInfo.InvariantCulture))))
        {
            pids = [.. (await supervisor.RunningAsync(2)).Select(d => d.Pid)];

            parent.Kill();
            await parent.WaitForExitAsync();

            await supervisor.ExitAsync();
        }

        await using var next = Start();
        var daemons = await next.RunningAsync(2);
        Assert.Equal(pids, daemons.Select(d => d.Pid));
        Assert.All(daemons, d => Assert.True(d.Adopted));
    }

    [Fact]
    public async Task Run_Environment_GivesDaemonsTheirOwnIdentityAndNoSecrets()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        await using var supervisor = SupervisorProcess.Start(
            _port,
            _state.Path,
            TwoDaemons,
            ("OTEL_SERVICE_NAME", "supervisor"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=abc,deployment.environment=test"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("NOTIFY_SOCKET", "/nowhere"),
            ("MONITOR_RESOURCE_SERVICE_API_KEY", "0123456789abcdef"));
        var daemon = (await supervisor.RunningAsync(2))[0];

        var environment = (await File.ReadAllTextAsync($"/proc/{daemon.Pid}/environ")).Split('\0');

        Assert.Contains($"OTEL_SERVICE_NAME={daemon.Name}", environment);
        Assert.Contains($"OTEL_RESOURCE_ATTRIBUTES=deployment.environment=test,service.instance.id={daemon.Name}", environment);
        Assert.Contains("OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", environment);
        Assert.DoesNotContain(environment, e => e.StartsWith("NOTIFY_SOCKET", StringComparison.Ordinal) || e.Contains("API_KEY", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_UnderSystemd_IsReadyWhenEveryDaemonHasAResult()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is Linux's");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        var path = _state["notify"];
        socket.Bind(new UnixDomainSocketEndPoint(path));

        await using var shell = SupervisorProcess.StartUnderSystemd(
            _state["systemd"],
            ["--port", _port.ToString(CultureInfo.InvariantCulture), "--state-dir", _state.Path, .. TwoDaemons],
            _port,
            ("NOTIFY_SOCKET", path));

        await Wait.UntilAsync(() => shell.Output.Count > 0, "the supervisor's PID");
        var pid = int.Parse(shell.Output.First(), CultureInfo.InvariantCulture);
        try
        {
            Assert.Equal("READY=1", await ReceiveAsync(socket));
            Assert.Equal(2, (await shell.DaemonsAsync()).Count(d => d.VerifiedAt is not null));
        }
        finally
        {
            // The shell waits for the supervisor, so nothing is left when the shell has ended.
            await SupervisorProcess.SignalAsync(pid, "TERM");
            Assert.Equal(0, await shell.ExitAsync());
        }

        Assert.Equal("STOPPING=1", await ReceiveAsync(socket));
    }

    private static async Task<string> ReceiveAsync(Socket socket)
    {
        var buffer = new byte[256];
        return Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer).WaitAsync(Wait.Generous));
    }

    private static string[] Daemon(int index, string name, int port, string command, params string[] arguments) =>
    [
        $"--Monitors:Daemons:{index}:Name={name}",
        $"--Monitors:Daemons:{index}:Port={port}",
        $"--Monitors:Daemons:{index}:Command={command}",
        .. arguments.Select((a, i) => $"--Monitors:Daemons:{index}:Arguments:{i}={a}"),
    ];

    private SupervisorProcess Start(params string[] more) => SupervisorProcess.Start(_port, _state.Path, [.. TwoDaemons, .. more]);

    private void AssertGone(IEnumerable<int> pids)
    {
        Assert.All(pids, pid => Assert.Null(Supervision.Identity.ProcessTable.Current.Identify(pid)));
        Assert.True(FreePort.IsFree(_basePort) && FreePort.IsFree(_basePort + 1) && FreePort.IsFree(_port));
        Assert.False(File.Exists(new DaemonFiles(_state.Path, _basePort).PidFile));
    }
}
