using System.Globalization;
using System.Text.Json;
using MonitorAspire.AppHost.Tests.Distributed;
using MonitorAspire.Samples.Tests;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Testing;

namespace MonitorAspire.AppHost.Tests.Up;

/// <summary>The sample of a database, an API and a worker, with real processes under <c>monitor up</c>.</summary>
public sealed class ShopTests
{
    [Fact]
    public async Task Up_Sample_ComesUpInOrderSurvivesEachDeathAndStopsInReverse()
    {
        using var fleet = new ShopFleet();
        await using var up = RunningUp.StartProcess(
            fleet.Settings.ToDictionary(s => s.Key.Replace(":", "__", StringComparison.Ordinal), s => (string?)s.Value),
            "--config", "samples/shop.json", "--supervisor-port", fleet.SupervisorPort.ToString(CultureInfo.InvariantCulture), "--state-dir", fleet.StateDirectory, "--json");

        var daemons = await fleet.RunningAsync();
        Assert.All(["api", "worker"], name => Assert.True(daemons[name].StartedAt >= daemons["redis"].VerifiedAt, $"{name} was started before redis was verified"));
        await fleet.AssertSurvivesEachDeathAsync(pid => Signals.Send(pid, "KILL"));

        up.Signal("INT");
        Assert.Equal(0, await up.ExitCodeAsync());
        using var events = JsonDocument.Parse(string.Join('\n', up.Output.Split('\n').Where(line => !line.StartsWith('!'))));
        var ended = events.RootElement.EnumerateArray().Select(e => e.Deserialize(SupervisionJson.Default.FleetEvent)!)
            .Where(e => e.Kind == FleetEventKind.StateChanged && e.Daemon.State is DaemonState.Stopped or DaemonState.Stopping)
            .Select(e => (e.Daemon.Name, e.Daemon.State)).ToList();
        var redisBegins = ended.LastIndexOf(("redis", DaemonState.Stopping));
        Assert.All(["api", "worker"], name => Assert.InRange(ended.LastIndexOf((name, DaemonState.Stopped)), 0, redisBegins));
        Assert.All([fleet.Redis, fleet.Api, fleet.Worker], port => Assert.True(FreePort.IsFree(port)));
    }
}
