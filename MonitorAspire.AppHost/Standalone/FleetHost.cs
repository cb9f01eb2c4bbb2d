using Microsoft.Extensions.Logging.Abstractions;
using MonitorAspire.AppHost.Standalone.Children;
using MonitorAspire.AppHost.Standalone.Dashboard;
using MonitorAspire.AppHost.Standalone.Fleet;
using MonitorAspire.AppHost.Standalone.Output;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.AppHost.Standalone;

/// <summary>One run of the standalone engine: dashboard and supervisor up, fleet watched, and all of it down again.</summary>
/// <param name="settings">What to run.</param>
/// <param name="output">Standard output.</param>
/// <param name="error">Standard error.</param>
internal sealed class FleetHost(AppHostSettings settings, TextWriter output, TextWriter error)
{
    // A supervisor that ends by itself is started again: its daemons live on and are adopted. This often, then it is given up.
    private const int SupervisorStarts = 4;

    private static readonly TimeSpan DashboardHeadStart = TimeSpan.FromSeconds(10);

    private readonly Screen _screen = Screen.For(output, error);

    private readonly DaemonEngine _engine = new(
        new EngineOptions { StateDirectory = settings.OwnDirectory }, NullLogger<DaemonEngine>.Instance);

    /// <summary>Runs until a signal comes, or until it cannot go on.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync()
    {
        using var signals = new StopSignals();
        AppHostLock? taken;
        int? holder;
        try
        {
            StateDirectory(settings.StateDirectory);
            taken = AppHostLock.TryTake(settings.OwnDirectory, out holder);
        }
        catch (UnauthorizedAccessException e)
        {
            _screen.Complain($"MonitorAspire.AppHost: no permission in the state directory {settings.StateDirectory}: {e.Message}");
            return ExitCodes.PermissionDenied;
        }
        catch (IOException e)
        {
            _screen.Complain($"MonitorAspire.AppHost: the state directory {settings.StateDirectory} cannot be used: {e.Message}");
            return ExitCodes.Failure;
        }

        if (taken is null)
        {
            _screen.Complain($"MonitorAspire.AppHost: another AppHost{(holder is { } pid ? $" (PID {pid})" : "")} already runs the fleet of the supervisor on port "
                + $"{settings.SupervisorPort}. Stop it first, or give this one other ports: --supervisor-port and --base-port.");
            return ExitCodes.PortInUse;
        }

        using (taken)
        {
            return await RunLockedAsync(signals);
        }
    }

    private static void StateDirectory(string path) => Supervision.Files.StateDirectory.Create(path);

    private async Task<int> RunLockedAsync(StopSignals signals)
    {
        var ports = string.Join(", ", settings.Daemons.Select(d => d.Port));
        _screen.Say($"MonitorAspire: {settings.Daemons.Count} daemon(s) on port(s) {ports}, standalone engine. Ctrl-C stops everything.");
        foreach (var sentence in await LeftOvers.StopAsync(_engine, settings.OwnDirectory, signals.Hurry))
        {
            _screen.Say(sentence);
        }

        var dashboard = await DashboardRun.PrepareAsync(settings, _engine, _screen, signals.Stop);
        var supervisor = new Child(_engine, SupervisorSpec.For(settings, dashboard?.Plan));
        using var over = CancellationTokenSource.CreateLinkedTokenSource(signals.Stop);
        var dashboardStart = dashboard?.StartAsync(over.Token) ?? Task.CompletedTask;

        // The fleet's first spans are sent within a second, to nobody if the dashboard is not there yet. It takes about as long;
        // one that is slow keeps the fleet waiting no longer than this.
        await Task.WhenAny(dashboardStart, Task.Delay(DashboardHeadStart, signals.Stop));

        var exitCode = await SuperviseAsync(supervisor, signals, dashboardStart);
        await over.CancelAsync();
        await dashboardStart;
        await StopAsync(supervisor, dashboard, exitCode == ExitCodes.Success, signals);
        return exitCode;
    }

    private async Task<int> SuperviseAsync(Child supervisor, StopSignals signals, Task dashboardStart)
    {
        var progress = new FleetProgress(_screen);
        for (var attempt = 1; ; attempt++)
        {
            _screen.Status("  starting the supervisor …");
            var report = await supervisor.StartAsync(settings.StartTimeout, attempt, signals.Stop);
            if (signals.Stop.IsCancellationRequested)
            {
                return ExitCodes.Success;
            }

            if (!report.Serves)
            {
                Complain(report);
                return ExitCodes.For(report);
            }

            _screen.Say($"Supervisor: http://127.0.0.1:{supervisor.Port}/api/daemons (PID {report.Pid}, {Words.Seconds(report.TotalMs)})");
            await WatchAsync(supervisor, progress, dashboardStart, firstTime: attempt == 1, signals.Stop);
            if (signals.Stop.IsCancellationRequested)
            {
                return ExitCodes.Success;
            }

            var exit = await supervisor.Instance!.Exited;
            _screen.Complain($"MonitorAspire.AppHost: the supervisor (PID {report.Pid}) ended by itself with {exit}. Its log: {report.LogFile}");
            if (attempt == SupervisorStarts)
            {
                _screen.Complain($"MonitorAspire.AppHost: that was the {attempt}th time; it is given up.");
                return ExitCodes.Failure;
            }

            _screen.Say("Starting it again; the daemons live on.");
        }
    }

    /// <summary>Shows the fleet until the supervisor ends or a signal comes.</summary>
    private async Task WatchAsync(Child supervisor, FleetProgress progress, Task dashboardStart, bool firstTime, CancellationToken stop)
    {
        using var client = new FleetClient(supervisor.Port);
        var summaryDue = firstTime;
        var exited = supervisor.Instance!.Exited;
        while (!stop.IsCancellationRequested && !exited.IsCompleted)
        {
            IReadOnlyList<DaemonSnapshot>? daemons = null;
            try
            {
                daemons = await client.GetAsync(stop);
                if (daemons is not null && progress.Update(daemons) && summaryDue)
                {
                    // The person reads one block: wait for the dashboard's line, which is due at about the same time.
                    await dashboardStart.WaitAsync(stop);
                    Summarise(daemons);
                    summaryDue = false;
                }

                await Task.WhenAny(exited, Task.Delay(summaryDue ? 100 : 1000, stop));
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private void Summarise(IReadOnlyList<DaemonSnapshot> daemons)
    {
        _screen.Say("");
        _screen.Say(FleetTable.Render(daemons));
        _screen.Say("");
        foreach (var explanation in daemons.Select(FleetTable.Explain).OfType<string>())
        {
            _screen.Complain(explanation);
        }

        var running = daemons.Count(d => d.State == DaemonState.Running);
        _screen.Say($"{running} of {daemons.Count} verified. Logs and PID files: {settings.StateDirectory}; of supervisor and dashboard: {settings.OwnDirectory}");
    }

    private async Task StopAsync(Child supervisor, DashboardRun? dashboard, bool daemonsToo, StopSignals signals)
    {
        _screen.Say("Stopping …");
        var stopSupervisor = await supervisor.StopAsync(settings.StopGracePeriod + TimeSpan.FromSeconds(1), signals.Hurry);
        if (stopSupervisor.Verdict is not (StopVerdict.Stopped or StopVerdict.NotRunning))
        {
            _screen.Complain($"MonitorAspire.AppHost: the supervisor could not be stopped: {stopSupervisor.Detail}");
        }

        // An orderly supervisor has stopped them already. One that was killed has not, and Ctrl-C is to leave nothing behind.
        if (daemonsToo)
        {
            var engine = new DaemonEngine(
                new EngineOptions { StateDirectory = settings.StateDirectory }, NullLogger<DaemonEngine>.Instance);
            var options = new StopOptions { GracePeriod = settings.StopGracePeriod };
            await Task.WhenAll(settings.Daemons.Where(d => d.Launch == LaunchMode.Supervisor).Select(d => engine.StopAsync(d, options, signals.Hurry)));
        }

        if (dashboard is not null)
        {
            await dashboard.StopAsync(signals.Hurry);
        }

        _screen.Say("Stopped.");
    }

    private void Complain(StartupReport report)
    {
        var stage = report.Stage is { } s ? $" in stage {WireNames.Of(s)}" : "";
        _screen.Complain($"MonitorAspire.AppHost: the supervisor on port {report.Port} did not start: {WireNames.Of(report.Reason ?? StartupReason.Cancelled)}{stage}. {report.Detail}");
        foreach (var line in report.LogTail)
        {
            _screen.Complain($"    | {line}");
        }
    }
}
