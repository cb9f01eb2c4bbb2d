using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Dashboard.Protocol;

namespace MonitorAspire.Supervisor.Dashboard.Resources;

/// <summary>The details of a daemon in the dashboard.</summary>
internal static class DaemonProperties
{
    // Names that the dashboard knows.
    private const string DisplayName = "resource.displayName";
    private const string State = "resource.state";
    private const string StartTime = "resource.startTime";
    private const string ExitCode = "resource.exitCode";
    private const string ExecutablePath = "executable.path";
    private const string ExecutableArguments = "executable.args";
    private const string ProcessId = "executable.pid";

    /// <summary>The properties; unknown values are left out.</summary>
    /// <param name="daemon">The daemon.</param>
    /// <param name="state">Its state in the dashboard.</param>
    /// <param name="command">Executable and arguments of the instance; empty where unknown.</param>
    internal static IEnumerable<ResourceProperty> Of(DaemonSnapshot daemon, ResourceState state, IReadOnlyList<string> command)
    {
        var list = new PropertyList();
        list.Known(DisplayName, daemon.Name);
        list.Known(State, state.Text);
        list.Known(StartTime, daemon.StartedAt);
        list.Known(ExitCode, daemon.Pid is null && daemon.State != DaemonState.Stopped ? daemon.LastFailure?.ExitCode : null);

        list.Highlighted(ProcessId, "Process ID", daemon.Pid);
        foreach (var property in Supervision.Fleet.DaemonProperties.Of(daemon))
        {
            list.Add(property);
        }

        if (command.Count > 0)
        {
            list.Add(ExecutablePath, "Executable", command[0]);
            list.Add(ExecutableArguments, "Arguments", command.Skip(1).ToArray());
        }

        return list.Items;
    }
}
