using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>Tells the log, the events, the metrics and the webhook what has happened to one daemon, and keeps its open alerts.</summary>
internal sealed partial class DaemonPublisher(FleetParts parts)
{
    private readonly Dictionary<AlertKind, FleetAlert> _openAlerts = [];

    /// <summary>Publishes a transition of the state machine.</summary>
    public void Publish(Transition transition, DaemonSnapshot before, DaemonSnapshot daemon, StartupReport? lastStart)
    {
        // What happens to an instance is found from the trace of its start.
        using var trace = TraceScope.Enter(daemon.TraceId);
        foreach (var action in transition.Actions)
        {
            switch (action)
            {
                case MachineAction.Announce { What: Announcement.StartVerified or Announcement.StartFailed } announce:
                    var kind = announce.What == Announcement.StartVerified ? FleetEventKind.StartVerified : FleetEventKind.StartFailed;
                    parts.Events.Add(kind, daemon, lastStart, announce.Message);
                    break;
                case MachineAction.Announce { What: Announcement.Adopted } announce:
                    LogAdopted(parts.Logger, daemon.Name, daemon.Pid, daemon.Port, daemon.Restarts);
                    parts.Events.Add(FleetEventKind.Adopted, daemon, AlreadyRunning(daemon, announce.Message), announce.Message);
                    break;
                case MachineAction.Announce { What: Announcement.Exited } announce:
                    LogExited(parts.Logger, daemon.Name, before.Pid, announce.Message);
                    parts.Events.Add(FleetEventKind.Exited, daemon, message: announce.Message);
                    break;
                case MachineAction.FireAlert fire:
                    Fire(fire, daemon);
                    break;
                case MachineAction.ResolveAlert resolve:
                    Resolve(resolve, daemon);
                    break;
                case MachineAction.Start { IsRestart: true }:
                    SupervisionTelemetry.DaemonRestarts.Add(1, new KeyValuePair<string, object?>(AttributeNames.DaemonName, daemon.Name));
                    break;
            }
        }

        if (transition.Reason is { } reason)
        {
            var level = transition.IsRepeated ? LogLevel.Debug
                : daemon.State is DaemonState.Running or DaemonState.Starting or DaemonState.Waiting ? LogLevel.Information
                : LogLevel.Warning;
            var why = reason + Cause(daemon);
            LogStep(parts.Logger, level, daemon.Name, daemon.State, why);
        }
        else if (daemon.State != before.State)
        {
            LogState(parts.Logger, daemon.Name, before.State, daemon.State);
        }

        if (daemon.State != before.State || daemon.Stage != before.Stage || transition.Reason is not null)
        {
            parts.Events.Add(FleetEventKind.StateChanged, daemon, message: transition.Reason);
        }
    }

    /// <summary>The report of a start that was not needed.</summary>
    public static StartupReport AlreadyRunning(DaemonSnapshot daemon, string? detail) => new()
    {
        Name = daemon.Name,
        Host = daemon.Host,
        Port = daemon.Port,
        Verdict = StartupVerdict.AlreadyRunning,
        Reason = StartupReason.AlreadyRunning,
        Detail = detail,
        Pid = daemon.Pid,
        StartedAt = daemon.StartedAt,
        VerifiedAt = daemon.VerifiedAt,
        OwnershipVerified = daemon.Checks.Any(check => check is { Name: CheckName.Port, Healthy: true }),
        LogFile = daemon.LogFile,
        PidFile = daemon.PidFile,
    };

    /// <summary>A process has ended because the supervisor stopped it.</summary>
    public void PublishStop(StopReport report, DaemonSnapshot daemon)
    {
        using var trace = TraceScope.Enter(daemon.TraceId);
        if (report is { Verdict: StopVerdict.Stopped, Pid: { } pid })
        {
            LogStopped(parts.Logger, report.Name, pid, report.TotalMs, report.Killed ? "with SIGKILL after the grace period" : "in order");
        }
    }

    // The line of the failure itself may be far above.
    private static string Cause(DaemonSnapshot daemon) =>
        daemon is { State: DaemonState.Starting or DaemonState.Backoff or DaemonState.CrashLooping, LastFailure: { } failure }
            ? $" (last failure: {WireNames.Of(failure.Reason)})"
            : "";

    private void Fire(MachineAction.FireAlert fire, DaemonSnapshot daemon)
    {
        var alert = new FleetAlert { Kind = fire.Kind, State = AlertState.Fired, Daemon = daemon.Name, Message = fire.Message, FiredAt = parts.Time.GetUtcNow() };
        _openAlerts[fire.Kind] = alert;
        LogFired(parts.Logger, fire.Kind, daemon.Name, fire.Message);
        Publish(FleetEventKind.AlertFired, alert, daemon);
    }

    private void Resolve(MachineAction.ResolveAlert resolve, DaemonSnapshot daemon)
    {
        if (_openAlerts.Remove(resolve.Kind, out var fired))
        {
            LogResolved(parts.Logger, resolve.Kind, daemon.Name, resolve.Message);
            Publish(FleetEventKind.AlertResolved, fired with { State = AlertState.Resolved, Message = resolve.Message, ResolvedAt = parts.Time.GetUtcNow() }, daemon);
        }
    }

    private void Publish(FleetEventKind kind, FleetAlert alert, DaemonSnapshot daemon)
    {
        SupervisionTelemetry.Alerts.Add(
            1,
            new KeyValuePair<string, object?>(AttributeNames.DaemonName, daemon.Name),
            new KeyValuePair<string, object?>(AttributeNames.AlertKind, WireNames.Of(alert.Kind)),
            new KeyValuePair<string, object?>(AttributeNames.AlertState, alert.State == AlertState.Fired ? "fired" : "resolved"));
        parts.Events.Add(kind, daemon, message: alert.Message, alert: alert);
        parts.Webhook?.Enqueue(alert);
    }

    [LoggerMessage(100, LogLevel.Debug, "{Daemon}: {From} -> {To}")]
    private static partial void LogState(ILogger logger, string daemon, DaemonState from, DaemonState to);

    [LoggerMessage(103, LogLevel.Warning, "{Daemon}: PID {Pid} {Detail}")]
    private static partial void LogExited(ILogger logger, string daemon, int? pid, string? detail);

    [LoggerMessage(104, LogLevel.Information, "{Daemon} is adopted: PID {Pid} on port {Port}, {Restarts} restarts so far")]
    private static partial void LogAdopted(ILogger logger, string daemon, int? pid, int port, int restarts);

    [LoggerMessage(EventId = 107, Message = "{Daemon} is {State}: {Reason}")]
    private static partial void LogStep(ILogger logger, LogLevel level, string daemon, DaemonState state, string reason);

    [LoggerMessage(108, LogLevel.Information, "{Daemon}: PID {Pid} was stopped {How}, after {Milliseconds:0} ms")]
    private static partial void LogStopped(ILogger logger, string daemon, int pid, double milliseconds, string how);

    [LoggerMessage(110, LogLevel.Error, "Alert {Kind} for {Daemon}: {Message}")]
    private static partial void LogFired(ILogger logger, AlertKind kind, string daemon, string message);

    [LoggerMessage(111, LogLevel.Information, "Alert {Kind} for {Daemon} is resolved: {Message}")]
    private static partial void LogResolved(ILogger logger, AlertKind kind, string daemon, string message);
}
