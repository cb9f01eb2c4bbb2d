using System.Diagnostics;
using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.Testing;
using MonitorAspire.Testing;

namespace MonitorAspire.Samples.Tests;

public class PolyglotFleetTests
{
    [Fact]
    public async Task Run_Sample_VerifiesItsServersAndBringsThemBack()
    {
        using var fleet = new PolyglotFleet();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.PolyglotFleet>(
            [
                "--Ports:Python", Text(fleet.Servers[0].Port), "--Ports:Node", Text(fleet.Servers[1].Port),
                "--Ports:Supervisor", Text(fleet.SupervisorPort), "--Monitors:StateDirectory", fleet.StateDirectory,

                // A test has random ports otherwise, and this one asks the servers on the ports that it gives.
                "--DcpPublisher:RandomizePorts", "false",
            ],
            limit.Token);
        await using (var application = await builder.BuildAsync(limit.Token))
        {
            await application.StartAsync(limit.Token);

            await fleet.AssertSupervisedAsync(pid =>
            {
                using var process = Process.GetProcessById(pid);
                process.Kill();
            });
            await application.StopAsync(limit.Token);
        }

        await Wait.UntilAsync(() => fleet.Servers.All(server => FreePort.IsFree(server.Port)), "the ports free");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
