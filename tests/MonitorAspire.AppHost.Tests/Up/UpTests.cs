using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using MonitorAspire.AppHost.Tests.Distributed;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;

namespace MonitorAspire.AppHost.Tests.Up;

public class UpTests
{
    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    [InlineData("HUP")]
    public async Task Up_SignalledAfterVerification_ServedAndLeavesNothing(string signal)
    {
        using var fleet = new FleetArguments();
        await using var up = RunningUp.Start(fleet);
        var daemons = await up.AllRunningAsync();
        using var http = new HttpClient();
        foreach (var daemon in daemons)
        {
            Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"monitor-{daemon.Port}"), daemon.Name);
            var health = await http.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{daemon.Port}/health");
            Assert.Equal((daemon.Pid, daemon.Port), (health.GetProperty("pid").GetInt32(), health.GetProperty("port").GetInt32()));
            Assert.Equal($"{daemon.Pid}\n", await File.ReadAllTextAsync(new DaemonFiles(fleet.StateDirectory, daemon.Port).PidFile));
        }

        await up.StopAsync(signal);

        Assert.All(fleet.Ports, port => Assert.True(FreePort.IsFree(port), $"port {port} is still taken"));
        Assert.All(daemons, d => Assert.False(Signals.IsAlive(d.Pid!.Value), $"PID {d.Pid} still lives"));
        Assert.Empty(Directory.EnumerateFiles(fleet.StateDirectory, "*.pid", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Up_SecondWithTheSameSupervisorPort_NamesTheFirstAndLeavesItAlone()
    {
        using var fleet = new FleetArguments(count: 1);
        await using var first = RunningUp.Start(fleet);
        var before = await first.AllRunningAsync();

        await using var second = RunningUp.Start(fleet);

        Assert.Equal(4, await second.Process.ExitCodeAsync());
        await second.Process.LineAsync($"another 'monitor up' (PID {first.Process.Pid})");
        Assert.DoesNotContain('\n', second.Process.Output);
        Assert.Equal(before.Select(d => d.Pid), (await first.AllRunningAsync()).Select(d => d.Pid));
    }

    [Fact]
    public async Task Up_SupervisorPortTaken_NamesTheOwnerAndEnds()
    {
        using var fleet = new FleetArguments(count: 1);
        using var other = new TcpListener(IPAddress.Loopback, fleet.SupervisorPort);
        other.Start();

        await using var up = RunningUp.Start(fleet);

        Assert.Equal(4, await up.Process.ExitCodeAsync());
        await up.Process.LineAsync("port-in-use");
        await up.Process.LineAsync($"PID {Environment.ProcessId}");
        Assert.DoesNotContain('\n', up.Process.Output);
        Assert.True(FreePort.IsFree(fleet.BasePort));
    }

    [Fact]
    public async Task Up_BadConfiguration_IsOneLineAndExitCode2()
    {
        using var fleet = new FleetArguments();
        var environment = new Dictionary<string, string?> { ["Monitors__StartTimeout"] = "soon" };
        await using var up = RunningUp.StartProcess(environment, fleet.Common);

        Assert.Equal(2, await up.ExitCodeAsync());
        await up.LineAsync("Monitors:StartTimeout");
        Assert.DoesNotContain('\n', up.Output);
        Assert.All(fleet.Ports, port => Assert.True(FreePort.IsFree(port)));
    }

    [Fact]
    public async Task Up_StateDirectoryIsAFile_IsOneLineAndExitCode2()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory["state"], "");
        await using var up = RunningUp.StartProcess(new Dictionary<string, string?>(), "--state-dir", directory["state"]);

        Assert.Equal(2, await up.ExitCodeAsync());
        await up.LineAsync(directory["state"]);
        Assert.DoesNotContain('\n', up.Output);
    }

    [Fact]
    public async Task Up_SupervisorKilled_IsStartedAgainAndAdoptsTheDaemons()
    {
        using var fleet = new FleetArguments();
        await using var up = RunningUp.Start(fleet);
        var before = await up.AllRunningAsync();
        var supervisor = RunningUp.SupervisorPid(fleet);

        Signals.Send(supervisor, "KILL");

        await up.Process.LineAsync($"The supervisor (PID {supervisor}) ended by itself");
        await Wait.UntilAsync(async () => (await up.DaemonsAsync()).Count == 2 && RunningUp.SupervisorPid(fleet) != supervisor, "another supervisor");
        Assert.Equal(before.Select(d => d.Pid), (await up.AllRunningAsync()).Select(d => d.Pid));
        await up.StopAsync();
        Assert.All(fleet.Ports, port => Assert.True(FreePort.IsFree(port), $"port {port} is still taken"));
    }

    [Fact]
    public async Task Up_SupervisorKilledAgainAndAgain_AtTheEndStopsTheDaemons()
    {
        using var fleet = new FleetArguments(count: 1);
        await using var up = RunningUp.Start(fleet);
        await up.AllRunningAsync();
        for (var i = 0; i < 3; i++)
        {
            var supervisor = RunningUp.SupervisorPid(fleet);

            // A supervisor that is killed before it is verified is reported as a failed start.
            await up.Process.LineAsync($"(PID {supervisor})");
            Signals.Send(supervisor, "KILL");
            await up.Process.LineAsync($"The supervisor (PID {supervisor}) ended by itself");
            await Wait.UntilAsync(async () => (await up.DaemonsAsync()).Count == 1 && RunningUp.SupervisorPid(fleet) != supervisor, "another supervisor");
            await up.AllRunningAsync();
        }

        await up.StopAsync();

        Assert.Empty(LinuxView.ProcessesWith(fleet.StateDirectory));
    }

    [Fact]
    public async Task Up_KilledAfterVerification_SupervisorEndsAndTheNextAdoptsTheDaemons()
    {
        using var fleet = new FleetArguments();
        await using var first = RunningUp.Start(fleet);
        var before = await first.AllRunningAsync();
        var supervisor = RunningUp.SupervisorPid(fleet);

        first.Process.Signal("KILL");

        await Wait.UntilAsync(() => !Signals.IsAlive(supervisor), "the end of the supervisor");
        Assert.All(before, d => Assert.True(Signals.IsAlive(d.Pid!.Value), $"{d.Name} was ended"));
        await using var second = RunningUp.Start(fleet);
        var after = await second.AllRunningAsync();
        Assert.Equal(before.Select(d => (d.Name, d.Pid, d.Restarts)), after.Select(d => (d.Name, d.Pid, d.Restarts)));
        Assert.All(after, d => Assert.True(d.Adopted));
        await second.StopAsync();
        Assert.Empty(LinuxView.ProcessesWith(fleet.StateDirectory));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Up_KilledAtRandomMoments_NothingIsDoubledAndNothingVerifiedIsLost(int seed)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "processes are read from /proc");
        var random = new Random(seed);
        using var fleet = new FleetArguments(count: 3);
        var verified = new Dictionary<int, int?>();
        for (var round = 0; round < 6; round++)
        {
            await using var up = RunningUp.Start(fleet);

            // From before the supervisor is started until after the last daemon is verified.
            var until = TimeSpan.FromMilliseconds(random.Next(3500));
            var started = TimeProvider.System.GetTimestamp();
            while (TimeProvider.System.GetElapsedTime(started) < until)
            {
                foreach (var daemon in (await up.DaemonsAsync()).Where(d => d.State == Supervision.Daemons.DaemonState.Running))
                {
                    Assert.Equal(verified.GetValueOrDefault(daemon.Port, daemon.Pid), daemon.Pid);
                    verified[daemon.Port] = daemon.Pid;
                }

                await Task.Delay(20);
            }

            up.Process.Signal("KILL");
            await up.Process.ExitCodeAsync();
            Assert.All(verified.Values, pid => Assert.True(Signals.IsAlive(pid!.Value), $"PID {pid} was ended"));
        }

        await using var last = RunningUp.Start(fleet);
        var daemons = await last.AllRunningAsync();
        Assert.All(daemons.Where(d => verified.ContainsKey(d.Port)), d => Assert.Equal(verified[d.Port], d.Pid));

        // Each daemon once, and one supervisor: those of killed runs are gone.
        var processes = LinuxView.ProcessesWith(fleet.StateDirectory);
        Assert.Equal(3, processes.Count(p => p.Contains("monitor-aspire-daemon", StringComparison.Ordinal)));
        Assert.Single(processes, p => p.Contains("monitor-aspire-supervisor", StringComparison.Ordinal));
        await last.StopAsync();
        Assert.Empty(LinuxView.ProcessesWith(fleet.StateDirectory));
        Assert.All(fleet.Ports, port => Assert.True(FreePort.IsFree(port), $"port {port} is still taken"));
    }

    [Fact]
    public async Task Up_DashboardWithoutTheTool_IsOneLineAndTheFleetRuns()
    {
        using var fleet = new FleetArguments(count: 1);
        using var directory = new TemporaryDirectory();
        await using var up = AppHostProcess.Start(
            Path.Combine(AppContext.BaseDirectory, "monitor"), new Dictionary<string, string?> { ["PATH"] = "/usr/bin:/bin" }, directory.Path, ["up", .. fleet.Common, "--dashboard"]);

        await up.LineAsync("No dashboard: there is no 'aspire' command on PATH");
        await up.LineAsync("start verified");
        up.Signal("TERM");
        Assert.Equal(0, await up.ExitCodeAsync());
    }
}
