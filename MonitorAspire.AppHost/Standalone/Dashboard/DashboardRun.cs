using MonitorAspire.AppHost.Standalone.Children;
using MonitorAspire.AppHost.Standalone.Output;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.AppHost.Standalone.Dashboard;

/// <summary>The dashboard of one run. That there is none is a line on the screen, never a failure of the fleet.</summary>
internal sealed class DashboardRun
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly IDaemonEngine _engine;
    private readonly Screen _screen;
    private readonly string _root;
    private readonly List<Child> _started = [];
    private DashboardTool? _first;

    private DashboardRun(IDaemonEngine engine, Screen screen, string root, DashboardPlan plan, DashboardTool first)
    {
        (_engine, _screen, _root, Plan, _first) = (engine, screen, root, plan, first);
    }

    /// <summary>Ports and secrets.</summary>
    public DashboardPlan Plan { get; }

    /// <summary>Gets hold of a tool and settles the ports; starts nothing. <see langword="null"/> where there will be no dashboard.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="engine">The engine on the AppHost's own directory.</param>
    /// <param name="screen">For progress, and for the reason where there is none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<DashboardRun?> PrepareAsync(AppHostSettings settings, IDaemonEngine engine, Screen screen, CancellationToken cancellationToken)
    {
        if (!settings.Dashboard.Wanted)
        {
            screen.Say("Dashboard: off.");
            return null;
        }

        var root = DashboardTools.Root(settings.StateDirectory);
        var tool = DashboardTool.OnPath();
        string? problem = null;
        if (tool is null)
        {
            (tool, problem) = await DashboardTools.FetchedAsync(root, screen, cancellationToken);
        }

        if (tool is null)
        {
            screen.Say($"No dashboard: {problem}. The fleet runs without it; --dashboard off says so from the start.");
            return null;
        }

        return new DashboardRun(engine, screen, root, DashboardPlan.For(settings), tool);
    }

    /// <summary>Starts it; where the tool on PATH cannot, the package is tried. Says on the screen how it went.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var problem = await TryAsync(_first!, cancellationToken);
        if (problem is not null && _first!.Home is null && !cancellationToken.IsCancellationRequested)
        {
            _screen.Say($"{_first.Origin} cannot run the dashboard ({problem}); trying the npm package.");
            (_first, problem) = await DashboardTools.FetchedAsync(_root, _screen, cancellationToken);
            problem = _first is null ? problem : await TryAsync(_first, cancellationToken);
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return;
        }

        _screen.Say(problem is null
            ? $"Dashboard:  {Plan.LoginUrl}"
            : $"No dashboard: {problem}. The fleet runs without it.");
    }

    /// <summary>Stops it.</summary>
    /// <param name="hurry">Kills at once.</param>
    public async Task StopAsync(CancellationToken hurry)
    {
        foreach (var child in _started)
        {
            await child.StopAsync(TimeSpan.FromSeconds(3), hurry);
        }
    }

    private async Task<string?> TryAsync(DashboardTool tool, CancellationToken cancellationToken)
    {
        var child = new Child(_engine, Plan.Spec(tool));
        _started.Add(child);
        var report = await child.StartAsync(StartTimeout, attempt: 1, cancellationToken);
        return report.Serves ? null : $"{WireNames.Of(report.Reason ?? StartupReason.Cancelled)}, {report.Detail} Log: {report.LogFile}";
    }
}
