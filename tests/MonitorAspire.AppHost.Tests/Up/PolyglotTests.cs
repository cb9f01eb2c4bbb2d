using System.Globalization;
using MonitorAspire.AppHost.Tests.Distributed;
using MonitorAspire.Samples.Tests;
using MonitorAspire.Testing;

namespace MonitorAspire.AppHost.Tests.Up;

public class PolyglotTests
{
    [Fact]
    public async Task Up_Sample_VerifiesItsServersAndBringsThemBack()
    {
        using var fleet = new PolyglotFleet();
        var environment = fleet.Servers.ToDictionary(s => $"Monitors__Daemons__{s.Index}__Port", s => (string?)Text(s.Port));
        await using var up = RunningUp.StartProcess(
            environment, "--config", "samples/polyglot.json", "--supervisor-port", Text(fleet.SupervisorPort), "--state-dir", fleet.StateDirectory);

        await fleet.AssertSupervisedAsync(pid => Signals.Send(pid, "KILL"));

        var pids = (await fleet.RunningAsync()).Values.Where(d => d.Pid is not null).Select(d => d.Pid!.Value).ToList();
        up.Signal("TERM");
        Assert.Equal(0, await up.ExitCodeAsync());
        Assert.All(pids, pid => Assert.False(Signals.IsAlive(pid)));
        Assert.All(fleet.Servers, server => Assert.True(FreePort.IsFree(server.Port)));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
