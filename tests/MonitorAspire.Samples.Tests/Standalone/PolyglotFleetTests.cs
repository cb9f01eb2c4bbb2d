using System.Globalization;
using System.Reflection;
using MonitorAspire.AppHost.Tests.Distributed;
using MonitorAspire.AppHost.Tests;
using MonitorAspire.Testing;

namespace MonitorAspire.Samples.Tests.Standalone;

public class PolyglotFleetTests
{
    private static readonly string Executable = typeof(PolyglotFleetTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(a => a.Key == "PolyglotFleet").Value!;

    [Fact]
    public async Task Run_Sample_VerifiesItsServersAndBringsThemBack()
    {
        using var fleet = new PolyglotFleet();
        var environment = new Dictionary<string, string?> { ["AppHost__SupervisorPort"] = Text(fleet.SupervisorPort) };
        foreach (var server in fleet.Servers)
        {
            environment[$"Monitors__Daemons__{server.Index}__Port"] = Text(server.Port);
            environment[$"Monitors__Daemons__{server.Index}__Environment__PORT"] = Text(server.Port);
        }

        await using var host = AppHostProcess.Start(Executable, environment, "--state-dir", fleet.StateDirectory, "--dashboard", "off");
        await host.LineAsync($"{fleet.Present.Count} of {fleet.Servers.Count} verified");

        await fleet.AssertSupervisedAsync(pid => Signals.Send(pid, "KILL"));

        var pids = (await fleet.RunningAsync()).Values.Where(d => d.Pid is not null).Select(d => d.Pid!.Value).ToList();
        host.Signal("TERM");
        Assert.Equal(0, await host.ExitCodeAsync());
        Assert.All(pids, pid => Assert.False(Signals.IsAlive(pid)));
        Assert.All(fleet.Servers, server => Assert.True(FreePort.IsFree(server.Port)));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
