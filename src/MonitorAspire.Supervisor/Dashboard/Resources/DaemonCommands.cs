using MonitorAspire.Supervisor.Dashboard.Protocol;

namespace MonitorAspire.Supervisor.Dashboard.Resources;

/// <summary>The commands of a daemon, with the names and icons of the dashboard's own resources.</summary>
internal static class DaemonCommands
{
    internal const string Start = "start";
    internal const string Stop = "stop";
    internal const string Restart = "restart";
    internal const string Diagnose = "diagnose";
    internal const string ResetCrashLoop = "reset-crash-loop";

    /// <summary>The commands, and which of them are enabled in a state.</summary>
    internal static IEnumerable<ResourceCommand> Of(DaemonState state) =>
    [
        Command(Start, "Start", "Start the daemon now, without waiting for its back-off, and verify it.", StartState(state), Icon("Play", IconVariant.Filled), isButton: true),
        Command(Stop, "Stop", "Stop the daemon and all its processes; it stays stopped until somebody starts it.", StopState(state), Icon("Stop", IconVariant.Filled), isButton: true),
        Command(
            Restart, "Restart", "Stop the daemon, start it again and verify it.",
            state is DaemonState.Running or DaemonState.Unhealthy ? ResourceCommandState.Enabled : ResourceCommandState.Disabled, Icon("ArrowCounterclockwise")),

        // Highlighted where a person needs it.
        Command(
            Diagnose, "Diagnose", "Explain the state of the daemon and what to do next. Changes nothing.", ResourceCommandState.Enabled, Icon("Stethoscope"),
            isButton: state is DaemonState.Unhealthy or DaemonState.Backoff or DaemonState.CrashLooping or DaemonState.Failed or DaemonState.Foreign),
        Command(
            ResetCrashLoop, "Reset crash loop", "Forget the failures of the daemon and try at once.",
            state is DaemonState.Backoff or DaemonState.CrashLooping ? ResourceCommandState.Enabled : ResourceCommandState.Hidden, Icon("ArrowReset")),
    ];

    private static ResourceCommand Command(
        string name, string displayName, string description, ResourceCommandState state, (string Name, IconVariant Variant) icon, bool isButton = false) => new()
    {
        Name = name,
        DisplayName = displayName,
        DisplayDescription = description,
        IconName = icon.Name,
        IconVariant = icon.Variant,
        IsHighlighted = isButton,
        State = state,
    };

    private static (string Name, IconVariant Variant) Icon(string name, IconVariant variant = IconVariant.Regular) => (name, variant);

    private static ResourceCommandState StartState(DaemonState state) => state switch
    {
        DaemonState.Running or DaemonState.Unhealthy or DaemonState.Stopping => ResourceCommandState.Hidden,
        DaemonState.Starting => ResourceCommandState.Disabled,
        _ => ResourceCommandState.Enabled,
    };

    // A daemon between two tries can be stopped too.
    private static ResourceCommandState StopState(DaemonState state) => state switch
    {
        DaemonState.Stopped or DaemonState.Failed => ResourceCommandState.Hidden,
        DaemonState.Stopping => ResourceCommandState.Disabled,
        _ => ResourceCommandState.Enabled,
    };
}
