namespace MonitorAspire.Supervision.Daemons;

/// <summary>The states in text for people.</summary>
internal static class DaemonStates
{
    internal static string Words(DaemonState state) => state switch
    {
        DaemonState.CrashLooping => "crash loop",
        DaemonState.Backoff => "back-off",
        _ => state.ToString().ToLowerInvariant(),
    };
}
