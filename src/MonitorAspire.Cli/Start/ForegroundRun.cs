using MonitorAspire.Cli.Logs;
using MonitorAspire.Cli.Stop;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli.Start;

/// <summary>Waits until a daemon ends: shows its log, stops it on Ctrl-C, and gives its exit code. With JSON on standard output the log is not shown.</summary>
internal sealed class ForegroundRun(CliContext context, IDaemonEngine engine, Interrupts interrupts, bool json, LogFollower log, LogPolicy limits)
{
    private const int SignalExitCodeBase = 128;
    private static readonly TimeSpan RotationInterval = TimeSpan.FromSeconds(5);

    internal async Task<int> RunAsync(StartupReport report, DaemonInstance instance)
    {
        using var relay = new SignalRelay(instance.Identity, interrupts);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(interrupts.Soft);
        var showing = FollowLogAsync(report, ended.Token);
        var stopAsked = Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, interrupts.Soft);
        var spec = KnownDaemons.Spec(report.Port, record: null) with { Name = report.Name, Host = report.Host };
        await Task.WhenAny(instance.Exited, stopAsked).ConfigureAwait(false);
        while (!stopAsked.IsCompleted && Successor.Find(engine, spec, instance, await instance.Exited.ConfigureAwait(false)) is { } next)
        {
            context.Console.Note($"note: {report.Name} goes on: PID {instance.Pid} handed over to PID {next.Pid}");
            instance = next;
            await Task.WhenAny(instance.Exited, stopAsked).ConfigureAwait(false);
        }

        int code;
        if (interrupts.Soft.IsCancellationRequested)
        {
            var stopped = await engine.StopAsync(spec, new StopOptions(), interrupts.Hard).ConfigureAwait(false);
            StopOutcome.Print(context.Console, stopped, quiet: json);
            code = StopOutcome.ExitCode(stopped);
        }
        else
        {
            var exit = await instance.Exited.ConfigureAwait(false);
            context.Console.Fail($"{report.Name} (PID {instance.Pid}) ended by itself: {exit}");
            code = ExitCode(exit);
        }

        await ended.CancelAsync().ConfigureAwait(false);
        await showing.ConfigureAwait(false);
        return code;
    }

    /// <summary>The daemon's own exit code; never 0, because a daemon that ends by itself has failed.</summary>
    internal static int ExitCode(ProcessExit exit) => exit switch
    {
        { ExitCode: 0 } => ExitCodes.ExitedPrematurely,
        { ExitCode: { } code } => code,
        { Signal: { } signal } => SignalExitCodeBase + signal,
        _ => ExitCodes.Failure,
    };

    private async Task FollowLogAsync(StartupReport report, CancellationToken cancellationToken)
    {
        if (report.LogFile is not { } path)
        {
            return;
        }

        var rotation = RotateAsync(path, cancellationToken);
        if (!json)
        {
            await LogOutput.FollowAsync(log, LogOutput.To(context.Console), context.Time, cancellationToken).ConfigureAwait(false);
        }

        await rotation.ConfigureAwait(false);
    }

    // Without a supervisor, no other process rotates this daemon's log.
    private async Task RotateAsync(string path, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(RotationInterval, context.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                LogRotation.RotateIfLarger(path, limits);
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon ended.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            context.Console.Note($"note: {path} is not rotated any more: {e.Message}");
        }
    }
}
