using System.Globalization;
using System.Text.Json;
using MonitorAspire.Cli.Fleet;
using MonitorAspire.Cli.Terminal;
using MonitorAspire.Cli.Up.Dashboard;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Cli.Up;

/// <summary>One run of <c>monitor up</c>. It runs the supervisor's program, shows the fleet from its events, starts it again when it dies,
/// and ends it in the end. It starts and watches no daemon itself.</summary>
internal sealed class UpRun(CliContext context, Interrupts interrupts, UpSettings settings)
{
    // The first telemetry of the fleet is sent within a second; it needs a dashboard that answers.
    private static readonly TimeSpan DashboardHeadStart = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ReconnectInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ReloadInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastEventsTimeout = TimeSpan.FromSeconds(3);
    private static readonly RestartPolicy Restart = new();

    // Not in the state directory itself, where every file is a daemon's.
    private readonly string _directory = Path.Combine(settings.StateDirectory, StateDirectory.UpDirectory, settings.SupervisorPort.ToString(CultureInfo.InvariantCulture));
    private readonly FleetView _view = new(context.Console, context.Time, settings.Json);

    private string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{settings.SupervisorPort}");

    /// <summary>Runs until a signal comes, or until the fleet cannot run. Returns the exit code.</summary>
    internal async Task<int> RunAsync(CancellationToken stop)
    {
        StateDirectory.Create(_directory);
        var lockFile = Path.Combine(_directory, "up.lock");
        using var only = InstanceLock.TryAcquire(lockFile);
        if (only is null)
        {
            var other = ProcessTable.Current.EldestOf(ProcessTable.Current.LockHolders(lockFile)) is { } holder ? $" (PID {holder.Pid})" : "";
            context.Console.Fail(
                $"another 'monitor up'{other} runs the fleet of the supervisor on port {settings.SupervisorPort}; stop it, or use other ports (--supervisor-port, --base-port)");
            return ExitCodes.PortInUse;
        }

        var engine = context.EngineFor(_directory);
        var dashboard = CreateDashboard(engine);
        var supervisor = new SupervisorProcess(engine, _directory, settings, dashboard?.Plan);
        await supervisor.EndOrphansAsync(context.Time, interrupts.Hard).ConfigureAwait(false);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var dashboardStart = ShowDashboardAsync(dashboard, end.Token);
        await Task.WhenAny(dashboardStart, Task.Delay(DashboardHeadStart, context.Time, stop)).ConfigureAwait(false);
        try
        {
            return await SuperviseAsync(supervisor, stop).ConfigureAwait(false);
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await dashboardStart.ConfigureAwait(false);
            await (dashboard?.StopAsync(interrupts.Hard) ?? Task.CompletedTask).ConfigureAwait(false);
        }
    }

    private DashboardRun? CreateDashboard(IDaemonEngine engine)
    {
        if (!settings.Dashboard)
        {
            return null;
        }

        if (AspireTool.Find(Directory.GetCurrentDirectory(), Environment.GetEnvironmentVariable("PATH")) is { } tool)
        {
            return new DashboardRun(engine, new DashboardPlan(settings.DashboardAddress, settings.DaemonPorts.Append(settings.SupervisorPort)), tool);
        }

        _view.Say("No dashboard: there is no 'aspire' command on PATH and no tool manifest that names aspire.cli (dotnet tool install --global aspire.cli). The fleet runs without it.");
        return null;
    }

    private async Task ShowDashboardAsync(DashboardRun? dashboard, CancellationToken cancellationToken)
    {
        if (dashboard is not null)
        {
            var line = await dashboard.StartAsync(cancellationToken).ConfigureAwait(false);
            if (!cancellationToken.IsCancellationRequested)
            {
                _view.Say(line);
            }
        }
    }

    private async Task<int> SuperviseAsync(SupervisorProcess supervisor, CancellationToken stop)
    {
        using var client = new FleetClient(Address, settings.StateDirectory);
        using var down = new CancellationTokenSource();
        var refreshing = _view.RefreshAsync(down.Token);
        var failure = 0;
        for (var attempt = 1; ; attempt++)
        {
            var (report, instance) = await supervisor.StartAsync(attempt, stop).ConfigureAwait(false);
            if (instance is null && attempt == 1 && !stop.IsCancellationRequested)
            {
                await down.CancelAsync().ConfigureAwait(false);
                await refreshing.ConfigureAwait(false);
                context.Console.Fail(StartProblem.Of(report));
                return StartProblem.ExitCode(report);
            }

            var started = context.Time.GetTimestamp();
            var allFailed = false;
            var events = Task.CompletedTask;
            if (instance is not null)
            {
                _view.Say($"Supervisor: {Address} (PID {instance.Pid})");
                using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
                var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                events = ShowEventsAsync(client, instance, failed);
                await Task.WhenAny(instance.Exited, failed.Task, Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, over.Token)).ConfigureAwait(false);
                allFailed = failed.Task.IsCompleted && !instance.Exited.IsCompleted;
                await over.CancelAsync().ConfigureAwait(false);
            }

            if (stop.IsCancellationRequested || allFailed)
            {
                var inOrder = await StopAsync(supervisor, events).ConfigureAwait(false);
                await down.CancelAsync().ConfigureAwait(false);
                await refreshing.ConfigureAwait(false);
                _view.Finish();
                return allFailed ? GiveUp(_view.Fleet.Daemons[0]) : Remaining(inOrder);
            }

            await events.ConfigureAwait(false);
            failure = context.Time.GetElapsedTime(started) > Restart.ResetAfter ? 1 : failure + 1;
#pragma warning disable RS0030 // Nothing depends on this jitter: there is one supervisor.
            var delay = RestartDelay.After(Restart, failure, crashLoop: false, Random.Shared.NextDouble());
#pragma warning restore RS0030
            _view.Say(instance is null
                ? $"The supervisor cannot be started: {StartProblem.Of(report)}. Next try in {Durations.OfMilliseconds(delay.TotalMilliseconds)}; the daemons live on."
                : $"The supervisor (PID {instance.Pid}) ended by itself: {await instance.Exited.ConfigureAwait(false)}. It is started again; the daemons live on. Log: {report.LogFile}");
            await Task.Delay(delay, context.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Shows events until the supervisor ends. Reports when no daemon can ever run, because that cannot be changed here.</summary>
    private async Task ShowEventsAsync(FleetClient client, DaemonInstance supervisor, TaskCompletionSource allFailed)
    {
        using var ended = new CancellationTokenSource();
        _ = supervisor.Exited.ContinueWith(
            _ => ended.CancelAfter(LastEventsTimeout), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        var reloads = ShowReloadsAsync(client, ended.Token);
        do
        {
            try
            {
                _view.Fleet.Set(await client.DaemonsAsync(ended.Token).ConfigureAwait(false));
                await foreach (var happened in client.EventsAsync(ended.Token).ConfigureAwait(false))
                {
                    _view.Fleet.Apply(happened);
                    _view.Show(happened);
                    if (_view.Fleet.Daemons.All(d => d.State == DaemonState.Failed))
                    {
                        allFailed.TrySetResult();
                    }
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
            {
                // The supervisor has ended or was killed; else the next try takes up where this one broke off.
            }

            await Task.WhenAny(supervisor.Exited, Task.Delay(ReconnectInterval, context.Time)).ConfigureAwait(false);
        }
        while (!supervisor.Exited.IsCompleted);
        await ended.CancelAsync().ConfigureAwait(false);
        await reloads.ConfigureAwait(false);
    }

    // The supervisor reads the file, and writes errors into its log. This shows them on the console too.
    private async Task ShowReloadsAsync(FleetClient client, CancellationToken cancellationToken)
    {
        for (long shown = 0; !cancellationToken.IsCancellationRequested;)
        {
            await Task.Delay(ReloadInterval, context.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                if (await client.LastReloadAsync(cancellationToken).ConfigureAwait(false) is { } report && report.Number != shown)
                {
                    shown = report.Number;
                    foreach (var line in report.Lines())
                    {
                        _view.Say($"{report.At?.ToLocalTime():yyyy-MM-ddTHH:mm:sszzz} {line}");
                    }
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or JsonException or OperationCanceledException)
            {
                // The supervisor has ended, or the next try gets an answer.
            }
        }
    }

    /// <summary>Stops supervisor and daemons. Returns whether the supervisor did it itself.</summary>
    private async Task<bool> StopAsync(SupervisorProcess supervisor, Task events)
    {
        var report = await supervisor.StopAsync(interrupts.Hard).ConfigureAwait(false);
        await events.ConfigureAwait(false);
        if (report is { Verdict: StopVerdict.Stopped, Killed: false })
        {
            return true;
        }

        // A supervisor that is dead, or was killed because a person is in a hurry, has left its daemons running.
        var engine = context.EngineFor(settings.StateDirectory);
        await StartOrder.InReverseAsync([.. _view.Fleet.Daemons.Where(d => d.State != DaemonState.Foreign)], d => d.Name, d => d.DependsOn, d => StopAsync(engine, d))
            .ConfigureAwait(false);
        return false;
    }

    private async Task<StopReport> StopAsync(IDaemonEngine engine, DaemonSnapshot daemon)
    {
        var report = await engine.StopAsync(SpecOf(daemon), new StopOptions(), interrupts.Hard).ConfigureAwait(false);
        if (report.Verdict is StopVerdict.Stopped or StopVerdict.NotRunning)
        {
            _view.Fleet.Replace(daemon with { State = DaemonState.Stopped, Stage = null, Pid = null });
        }

        return report;
    }

    private DaemonSpec SpecOf(DaemonSnapshot daemon) =>
        KnownDaemons.Spec(daemon.Port, KnownDaemons.Record(settings.StateDirectory, daemon.Port)) with { Name = daemon.Name, Host = daemon.Host };

    private int GiveUp(DaemonSnapshot first)
    {
        var failure = first.LastFailure;
        context.Console.Fail(
            $"no daemon can be started: {first.Name}: {(failure is null ? "failed" : $"{WireNames.Of(failure.Reason)}: {failure.Detail}")}");
        return failure is null ? ExitCodes.Failure : ExitCodes.For(failure.Reason);
    }

    private int Remaining(bool inOrder)
    {
        var code = ExitCodes.Success;

        // The last events of the supervisor may not have come. So what lives is looked at.
        var engine = context.EngineFor(settings.StateDirectory);
        foreach (var daemon in _view.Fleet.Daemons.Where(d => d.Pid is not null && engine.Attach(SpecOf(d)) is not null))
        {
            if (inOrder && daemon.State != DaemonState.Stopping)
            {
                // The configuration says that daemons outlive the supervisor.
                context.Console.Note($"{daemon.Name} goes on without supervision: PID {daemon.Pid}");
            }
            else
            {
                context.Console.Fail($"{daemon.Name} could not be stopped: PID {daemon.Pid} still lives");
                code = ExitCodes.Failure;
            }
        }

        return code;
    }
}
