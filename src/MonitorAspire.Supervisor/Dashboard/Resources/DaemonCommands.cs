using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Dashboard.Protocol;

namespace MonitorAspire.Supervisor.Dashboard.Resources;

/// <summary>The commands of a daemon, by the names and with the icons that the dashboard's own resources have.</summary>
internal static class DaemonCommands
{
    internal const string Start = "start";
    internal const string Stop = "stop";
    internal const string Restart = "restart";

    /// <summary>The commands and whether they can be given now.</summary>
    internal static IEnumerable<ResourceCommand> Of(DaemonState state) =>
    [
        new()
        {
            Name = Start,
            DisplayName = "Start",
            DisplayDescription = "Start the daemon now, whatever its back-off says, and verify it.",
            IconName = "Play",
            IconVariant = IconVariant.Filled,
            IsHighlighted = true,
            State = StartState(state),
        },
        new()
        {
            Name = Stop,
            DisplayName = "Stop",
            DisplayDescription = "Stop the daemon and all its processes; it stays stopped until somebody starts it.",
            IconName = "Stop",
            IconVariant = IconVariant.Filled,
            IsHighlighted = true,
            State = StopState(state),
        },
        new()
        {
            Name = Restart,
            DisplayName = "Restart",
            DisplayDescription = "Stop the daemon, start it again and verify it.",
            IconName = "ArrowCounterclockwise",
            IconVariant = IconVariant.Regular,
            State = state is DaemonState.Running or DaemonState.Unhealthy ? ResourceCommandState.Enabled : ResourceCommandState.Disabled,
        },
    ];

    private static ResourceCommandState StartState(DaemonState state) => state switch
    {
        DaemonState.Running or DaemonState.Unhealthy or DaemonState.Stopping => ResourceCommandState.Hidden,
        DaemonState.Starting => ResourceCommandState.Disabled,
        _ => ResourceCommandState.Enabled,
    };

    // A daemon that is between two tries can be told to give up.
    private static ResourceCommandState StopState(DaemonState state) => state switch
    {
        DaemonState.Stopped or DaemonState.Failed => ResourceCommandState.Hidden,
        DaemonState.Stopping => ResourceCommandState.Disabled,
        _ => ResourceCommandState.Enabled,
    };
}
