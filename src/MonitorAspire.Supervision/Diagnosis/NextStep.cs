using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>What a person should do next about a daemon, or that nothing need be done.</summary>
internal static class NextStep
{
    /// <summary>The sentence. Where its log is not in the state directory, its launcher has the output.</summary>
    internal static string Of(DaemonSnapshot daemon, DaemonInspection? seen, bool hasLog) => daemon.State switch
    {
        DaemonState.Running => "Nothing: it is verified and serves.",
        DaemonState.Starting => "Wait for the verdict of the start that is under way.",
        DaemonState.Waiting => $"See to {string.Join(", ", daemon.WaitingFor)}, which it depends on; then it is started without you.",
        DaemonState.Stopping => "Wait until its processes have ended.",
        DaemonState.Stopped => "Start it; it stays stopped until somebody does.",
        DaemonState.Unhealthy => "Wait for its restart, or restart it now; if it comes back unhealthy, its log says what it is busy with.",
        DaemonState.Foreign => $"Free port {daemon.Port} ({Owner(daemon, seen)}) or give the daemon another port; once the port is free it is started without you.",
        _ => $"{Fix(daemon, seen, hasLog)} {Then(daemon.State)}",
    };

    // A corrected configuration takes effect when it is saved, so it needs no start.
    private static string Then(DaemonState state) => state switch
    {
        DaemonState.CrashLooping => "Then reset the crash loop, so that it is tried at once.",
        DaemonState.Backoff => "The next try comes by itself; a reset makes it come at once.",
        _ => "Then start it: it is not tried again by itself.",
    };

    private static string Fix(DaemonSnapshot daemon, DaemonInspection? seen, bool hasLog) => daemon.LastFailure?.Reason switch
    {
        not (StartupReason.PermissionDenied or StartupReason.CommandNotFound) when daemon.State == DaemonState.Backoff && daemon.Alerts.Contains(AlertKind.CannotStart) =>
            "Put right on this machine what the failure names: it prevents the start.",
        StartupReason.PortInUse or StartupReason.PortOwnedByOther => $"Free port {daemon.Port} ({Owner(daemon, seen)}) or give the daemon another port.",
        StartupReason.AlreadyRunning => $"Stop the instance that somebody else started: monitor stop --port {daemon.Port}.",
        StartupReason.LockUnavailable => $"Stop what still holds the lock of port {daemon.Port}: monitor stop --port {daemon.Port}.",
        StartupReason.PermissionDenied => "Give this user the permission that the failure names, or run the supervisor as a user who has it.",
        StartupReason.CommandNotFound => "Install the command, or correct its path in the configuration.",
        StartupReason.InvalidConfiguration => "Correct the setting that the failure names in the configuration.",
        StartupReason.ExitedPrematurely => daemon.LastFailure.LogTail.Count > 0
            ? "Fix what its last output complains about: the process ends by itself."
            : hasLog ? "Run its command by hand to see why it ends: it wrote nothing before it did."
            : "See in its console log why it ends: whoever launches it has its output.",
        StartupReason.PidFileMissing => "Let it write its PID file to {pidfile}, or leave that to the launcher (PidFileWriter).",
        StartupReason.PidMismatch => "Keep it from going into the background and from writing the PID of another process: the supervisor needs the process that it started.",
        StartupReason.PortNotBound => $"Let it listen on {daemon.Host}:{daemon.Port}: hand it the port with {{port}} in its arguments or by its environment.",
        StartupReason.HealthUnreachable => "Let it pass its health check, or give it the check that fits (Health): it has the port, but connections or requests fail.",
        StartupReason.HealthStatus => "Look at what its health check got: the answer says what is wrong, or another status or text is the right one (Health:Statuses, Health:Text).",
        StartupReason.HealthIdentityMismatch => "Find out who answers on its port: its health path tells the PID or the port of somebody else.",
        StartupReason.TimedOut => "See in its log what it waits for, or give it more time (StartTimeout).",
        StartupReason.Cancelled => "Nothing is known to be wrong: the last start was given up.",
        StartupReason.MemoryLimit => "See in its log what it needs the memory for, or raise MemoryLimitBytes.",
        _ => "Look at its log.",
    };

    // The owner of the port now, or at the last try.
    private static string Owner(DaemonSnapshot daemon, DaemonInspection? seen)
        => seen?.Listeners.FirstOrDefault(l => l.Pid is null || l.Pid != seen.Pid) is { } other ? $"it is used by {other}"
            : seen is not null && seen.Listeners.Count == 0 ? "nobody listens on it now"
            : daemon.LastFailure?.Detail is { } detail ? detail.TrimEnd('.')
            : "see below";
}
