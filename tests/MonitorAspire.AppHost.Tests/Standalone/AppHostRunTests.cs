using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using MonitorAspire.AppHost.Tests.Distributed;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;

namespace MonitorAspire.AppHost.Tests.Standalone;

public class AppHostRunTests
{
    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    [InlineData("HUP")]
    public async Task Run_SignalledAfterVerification_ServedAndLeavesNothing(string signal)
    {
        using var fleet = new FleetArguments();
        await using var host = AppHostProcess.Start(fleet.Arguments());

        await host.LineAsync("2 of 2 verified");
        var table = host.Table();

        Assert.Equal(fleet.Count, table.Count);
        using var http = new HttpClient();
        foreach (var (name, port, pid, state) in table)
        {
            Assert.Equal("Running", state);
            Assert.Equal($"monitor-{port}", name);
            var health = await http.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{port}/health");
            Assert.Equal(pid, health.GetProperty("pid").GetInt32());
            Assert.Equal(port, health.GetProperty("port").GetInt32());
            Assert.Equal($"{pid}\n", await File.ReadAllTextAsync(new DaemonFiles(fleet.StateDirectory, port).PidFile));
        }

        host.Signal(signal);

        Assert.Equal(0, await host.ExitCodeAsync());
        Assert.All(fleet.Ports, port => Assert.True(FreePort.IsFree(port), $"port {port} is still taken"));
        Assert.All(table, row => Assert.False(Signals.IsAlive(row.Pid), $"PID {row.Pid} still lives"));
        Assert.Empty(Directory.EnumerateFiles(fleet.StateDirectory, "*.pid", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Run_SecondWithSamePorts_NamesTheFirstAndLeavesItAlone()
    {
        using var fleet = new FleetArguments(count: 1);
        await using var first = AppHostProcess.Start(fleet.Arguments());
        await first.LineAsync("1 of 1 verified");

        await using var second = AppHostProcess.Start(fleet.Arguments());

        Assert.Equal(4, await second.ExitCodeAsync());
        await second.LineAsync($"another AppHost (PID {first.Pid})");
        Assert.False(FreePort.IsFree(fleet.BasePort));
    }

    [Fact]
    public async Task Run_SupervisorPortTaken_NamesTheOwnerAndEnds()
    {
        using var fleet = new FleetArguments(count: 1);
        using var squatter = new TcpListener(IPAddress.Loopback, fleet.SupervisorPort);
        squatter.Start();

        await using var host = AppHostProcess.Start(fleet.Arguments());

        Assert.Equal(4, await host.ExitCodeAsync());
        await host.LineAsync("port-in-use");
        await host.LineAsync($"PID {Environment.ProcessId}");
        Assert.DoesNotContain("   at ", host.Output, StringComparison.Ordinal);
        Assert.True(FreePort.IsFree(fleet.BasePort));
    }

    [Fact]
    public async Task Run_DaemonPortTaken_SaysWhoHasItAndRunsTheOthers()
    {
        using var fleet = new FleetArguments();
        using var squatter = new TcpListener(IPAddress.Loopback, fleet.BasePort);
        squatter.Start();

        await using var host = AppHostProcess.Start(fleet.Arguments());

        await host.LineAsync("1 of 2 verified");
        await host.LineAsync($"! monitor-{fleet.BasePort} on port {fleet.BasePort}: port-in-use");
        await host.LineAsync($"PID {Environment.ProcessId}");
        host.Signal("TERM");
        Assert.Equal(0, await host.ExitCodeAsync());
        Assert.True(squatter.Server.IsBound);
    }

    [Fact]
    public async Task Run_AppHostKilled_FleetEndsByItself()
    {
        using var fleet = new FleetArguments();
        await using var host = AppHostProcess.Start(fleet.Arguments());
        await host.LineAsync("2 of 2 verified");

        host.Signal("KILL");

        await Wait.UntilAsync(() => fleet.Ports.All(FreePort.IsFree), "all ports free after the AppHost was killed");
    }

    [Fact]
    public async Task Run_SupervisorKilled_IsStartedAgainAndAdoptsTheDaemons()
    {
        using var fleet = new FleetArguments();
        await using var host = AppHostProcess.Start(fleet.Arguments());
        await host.LineAsync("2 of 2 verified");
        var before = host.Table();
        var supervisorPid = await SupervisorPidAsync(fleet);

        Signals.Send(supervisorPid, "KILL");

        await host.LineAsync("Starting it again");
        await Wait.UntilAsync(async () => await DaemonPidsAsync(fleet) is { } pids && pids.SequenceEqual(before.Select(r => (int?)r.Pid)), "the same daemons under the new supervisor");
        Assert.NotEqual(supervisorPid, await SupervisorPidAsync(fleet));
    }

    private static async Task<int> SupervisorPidAsync(FleetArguments fleet)
    {
        var own = Path.Combine(fleet.StateDirectory, "apphost", fleet.SupervisorPort.ToString(CultureInfo.InvariantCulture));
        var text = await File.ReadAllTextAsync(new DaemonFiles(own, fleet.SupervisorPort).PidFile);
        return int.Parse(text, NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
    }

    private static async Task<IReadOnlyList<int?>?> DaemonPidsAsync(FleetArguments fleet)
    {
        using var http = new HttpClient();
        try
        {
            var daemons = await http.GetFromJsonAsync<List<JsonElement>>($"http://127.0.0.1:{fleet.SupervisorPort}/api/daemons");
            return [.. daemons!.Select(d => d.GetProperty("state").GetString() == "Running" ? d.GetProperty("pid").GetInt32() : (int?)null)];
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
