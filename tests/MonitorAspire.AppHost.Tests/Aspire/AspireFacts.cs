using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using MonitorAspire.AppHost.Tests.Distributed;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.AppHost.Tests.Aspire;

public sealed class AspireFacts(SharedFleet<AspireEngine> shared) : DistributedFacts<AspireEngine>(shared)
{
    /// <summary>
    /// Without Aspire the supervisor adopts such a daemon. Under Aspire it cannot: Aspire could neither restart nor stop the process.
    /// </summary>
    [Fact]
    public async Task Start_DaemonStartedByHandOnThePort_IsNotTouchedAndIsNamedUntilItStops()
    {
        NeedLinux();
        DaemonEngine? byHand = null;
        DaemonSpec? spec = null;
        int? pid = null;
        try
        {
            await using var fleet = await DistributedFleet.StartAsync<AspireEngine>(count: 2, prepare: async arguments =>
            {
                byHand = new DaemonEngine(new EngineOptions { StateDirectory = arguments.StateDirectory, BuiltInDaemonPath = BuiltInDaemon }, NullLogger<DaemonEngine>.Instance);
                spec = new DaemonSpec { Name = "by-hand", Port = arguments.BasePort };
                var report = (await byHand.StartAsync(spec, new StartOptions { Timeout = DistributedFleet.Limit }, TestContext.Current.CancellationToken)).Report;
                Assert.Equal(StartupVerdict.Verified, report.Verdict);
                pid = report.Pid;
            });
            var (name, other) = ($"monitor-{fleet.Arguments.BasePort}", $"monitor-{fleet.Arguments.BasePort + 1}");

            var foreign = await fleet.UntilAsync(name, d => d.State == DaemonState.Foreign, "foreign");

            Assert.Null(foreign.Pid);
            Assert.Equal(StartupReason.PortInUse, foreign.LastFailure!.Reason);
            Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"PID {pid}"), foreign.LastFailure.Detail, StringComparison.Ordinal);
            Assert.Contains("monitor stop --port", foreign.LastFailure.Detail, StringComparison.Ordinal);
            await fleet.UntilAsync(other, d => d.State == DaemonState.Running, "running");
            Assert.True(LinuxView.Listens(pid!.Value, spec!.Port));

            await byHand!.StopAsync(spec, new StopOptions(), TestContext.Current.CancellationToken);

            var after = await fleet.UntilAsync(name, d => d.State == DaemonState.Running, "running once the port was free");
            Assert.NotEqual(pid, after.Pid);
            Assert.True(LinuxView.Listens(after.Pid!.Value, after.Port));
            Assert.DoesNotContain(fleet.Events.Of(name), e => e.Kind == FleetEventKind.Adopted);
        }
        finally
        {
            if (byHand is not null && pid is { } started && Signals.IsAlive(started))
            {
                await byHand.StopAsync(spec!, new StopOptions(), CancellationToken.None);
            }
        }
    }

    // The executable that the AppHost launches.
    private static string BuiltInDaemon
    {
        get
        {
            var output = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
            return Path.Combine(
                Path.GetDirectoryName(new Projects.MonitorAspire_Daemon().ProjectPath)!, "bin", output.Parent!.Name, output.Name, "monitor-aspire-daemon");
        }
    }
}
