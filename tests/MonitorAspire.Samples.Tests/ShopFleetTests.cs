using System.Diagnostics;
using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.Testing;
using MonitorAspire.Testing;

namespace MonitorAspire.Samples.Tests;

public class ShopFleetTests
{
    [Fact]
    public async Task Run_Sample_ComesUpInOrderAndSurvivesEachDeath()
    {
        using var fleet = new ShopFleet();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.ShopFleet>(
            [
                .. fleet.Settings.Select(setting => $"--{setting.Key}={setting.Value}"),
                "--Ports:Supervisor", fleet.SupervisorPort.ToString(CultureInfo.InvariantCulture), "--Monitors:StateDirectory", fleet.StateDirectory,
            ],
            limit.Token);
        await using (var application = await builder.BuildAsync(limit.Token))
        {
            await application.StartAsync(limit.Token);
            var daemons = await fleet.RunningAsync();

            // API and worker end at once where Redis is not there.
            Assert.All(daemons.Values, d => Assert.Equal(0, d.Restarts));
            await fleet.AssertSurvivesEachDeathAsync(pid =>
            {
                using var process = Process.GetProcessById(pid);
                process.Kill();
            });
            await application.StopAsync(limit.Token);
        }

        int[] ports = [fleet.Redis, fleet.Api, fleet.Worker];
        await Wait.UntilAsync(() => ports.All(FreePort.IsFree), "the ports free");
    }
}
