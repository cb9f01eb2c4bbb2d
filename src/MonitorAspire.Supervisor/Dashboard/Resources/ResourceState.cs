using System.Globalization;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Supervisor.Dashboard.Resources;

/// <summary>A daemon's state in the dashboard. The dashboard's own words have icon, colour and filter; other texts need a style.</summary>
/// <param name="Text">The text. The dashboard shows only its letters, digits and commas.</param>
/// <param name="Style"><c>info</c>, <c>warning</c>, <c>error</c>, or <see langword="null"/> for the dashboard's own words.</param>
internal readonly record struct ResourceState(string Text, string? Style)
{
    // The dashboard's own words.
    internal const string Running = nameof(Running);
    internal const string Starting = nameof(Starting);
    internal const string Stopping = nameof(Stopping);
    internal const string Waiting = nameof(Waiting);
    internal const string Exited = nameof(Exited);
    internal const string NotStarted = nameof(NotStarted);
    internal const string FailedToStart = nameof(FailedToStart);

    internal static ResourceState Of(DaemonSnapshot daemon) => daemon.State switch
    {
        // With a failed health report the dashboard shows "Running (Unhealthy)".
        DaemonState.Running or DaemonState.Unhealthy => new(Running, null),
        DaemonState.Starting when daemon.Stage is { } stage => new($"Starting, {WireNames.Of(stage).Replace('_', ' ')}", "info"),
        DaemonState.Starting => new(Starting, null),
        DaemonState.Waiting => new(Waiting, null),
        DaemonState.Stopping => new(Stopping, null),
        DaemonState.Stopped when daemon is { StartedAt: null, Startup: null, LastFailure: null } => new(NotStarted, null),
        DaemonState.Stopped => new(Exited, null),
        DaemonState.Backoff => new(daemon.NextAttemptAt is { } at ? $"Backoff until {Time(at)}" : "Backoff", "warning"),
        DaemonState.CrashLooping => new("Crash loop", "error"),
        DaemonState.Failed => new(FailedToStart, null),
        DaemonState.Foreign => new("Port taken", "error"),
        _ => new(daemon.State.ToString(), "warning"),
    };

    // 12h 30m 05s, because the dashboard does not show a colon.
    private static string Time(DateTimeOffset at) => at.ToLocalTime().ToString("HH'h 'mm'm 'ss's'", CultureInfo.InvariantCulture);
}
