using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli.Up.Dashboard;

/// <summary>The dashboard of one <c>monitor up</c>. A dashboard that cannot run is one line; the fleet runs without it.</summary>
internal sealed class DashboardRun(IDaemonEngine engine, DashboardPlan plan, AspireTool tool)
{
    // The tool unpacks the dashboard the first time.
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopGracePeriod = TimeSpan.FromSeconds(3);

    internal DashboardPlan Plan => plan;

    /// <summary>Starts it. Gives one line: its address, or why there is none.</summary>
    internal async Task<string> StartAsync(CancellationToken cancellationToken)
    {
        var report = (await engine.StartAsync(plan.Spec(tool), new StartOptions { Timeout = StartTimeout }, cancellationToken).ConfigureAwait(false)).Report;
        return report.Serves
            ? $"Dashboard: {plan.LoginUrl}"
            : $"No dashboard: {StartProblem.Of(report)}. The fleet runs without it. Log: {report.LogFile}";
    }

    internal Task StopAsync(CancellationToken hurry) => engine.StopAsync(plan.Spec(tool), new StopOptions { GracePeriod = StopGracePeriod }, hurry);
}
