using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Hosting.Dashboard;

/// <summary>The state that the dashboard shows while no process lives and the supervisor waits to start the next one. Aspire has only
/// <c>Finished</c> and <c>Exited</c> for that, which look like an end.</summary>
internal static class RetryState
{
    // The dashboard makes words of the text of a state, and drops what is no word, such as the colons of a time. A text with a hyphen it shows
    // as it is, with a space for the hyphen.
    private const string CrashLoop = "Crash-loop";
    private const string BackOff = "Back-off";

    /// <summary>The state of a daemon that waits for its next start; otherwise <see langword="null"/>.</summary>
    internal static ResourceStateSnapshot? Of(DaemonSnapshot? daemon) => daemon?.State switch
    {
        DaemonState.CrashLooping => new(Text(CrashLoop, daemon), KnownResourceStateStyles.Error),
        DaemonState.Backoff => new(Text(BackOff, daemon), KnownResourceStateStyles.Warn),
        _ => null,
    };

    /// <summary>Whether a state is one of these and not Aspire's own.</summary>
    internal static bool Is(string? text) =>
        text is not null && (text.StartsWith(CrashLoop, StringComparison.Ordinal) || text.StartsWith(BackOff, StringComparison.Ordinal));

    private static string Text(string state, DaemonSnapshot daemon) => daemon.NextAttemptAt is { } next ? $"{state}, next try {DaemonProperties.Time(next)}" : state;
}
