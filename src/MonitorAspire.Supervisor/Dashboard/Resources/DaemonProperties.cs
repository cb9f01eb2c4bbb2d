using System.Globalization;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Telemetry;
using MonitorAspire.Supervisor.Dashboard.Protocol;

namespace MonitorAspire.Supervisor.Dashboard.Resources;

/// <summary>What a person who opens a daemon's details reads.</summary>
internal static class DaemonProperties
{
    // Names that the dashboard gives a meaning of its own: its details, its "source" column.
    private const string DisplayName = "resource.displayName";
    private const string State = "resource.state";
    private const string StartTime = "resource.startTime";
    private const string ExitCode = "resource.exitCode";
    private const string ExecutablePath = "executable.path";
    private const string ExecutableArguments = "executable.args";
    private const string ProcessId = "executable.pid";

    /// <summary>The properties; what is not known is left out.</summary>
    /// <param name="daemon">The daemon.</param>
    /// <param name="state">Its state in the dashboard's words.</param>
    /// <param name="command">Executable and arguments of the instance, where they are known.</param>
    internal static IEnumerable<ResourceProperty> Of(DaemonSnapshot daemon, ResourceState state, IReadOnlyList<string> command)
    {
        var list = new PropertyList();
        list.Known(DisplayName, daemon.Name);
        list.Known(State, state.Text);
        list.Known(StartTime, daemon.StartedAt);
        list.Known(ExitCode, daemon.Pid is null && daemon.State != DaemonState.Stopped ? daemon.LastFailure?.ExitCode : null);

        list.Highlighted(ProcessId, "Process ID", daemon.Pid);
        list.Highlighted("monitor.port", "Port", daemon.Port);
        list.Highlighted("monitor.restarts", "Restarts", daemon.Restarts);
        list.Highlighted("monitor.alerts", "Alerts", daemon.Alerts.Count > 0 ? string.Join(", ", daemon.Alerts.Select(WireNames.Of)) : null);
        list.Highlighted("monitor.nextAttempt", "Next try", daemon.NextAttemptAt);
        AddStartup(list, daemon);
        AddFailure(list, daemon);
        list.Add("monitor.consecutiveFailures", "Consecutive failures", daemon.ConsecutiveFailures);
        list.Add("monitor.adopted", "Adopted from an earlier supervisor", daemon.Adopted ? "yes" : null);
        list.Add("monitor.pidFile", "PID file", daemon.PidFile);
        list.Add("monitor.logFile", "Log file", daemon.LogFile);
        list.Add("monitor.traceId", "Trace of the last start", daemon.TraceId);
        if (command.Count > 0)
        {
            list.Add(ExecutablePath, "Executable", command[0]);
            list.Add(ExecutableArguments, "Arguments", command.Skip(1).ToArray());
        }

        return list.Items;
    }

    private static void AddStartup(PropertyList list, DaemonSnapshot daemon)
    {
        list.Add("monitor.verifiedAt", "Verified", daemon.VerifiedAt);
        if (daemon.Startup is not { } startup)
        {
            return;
        }

        list.Highlighted("monitor.startup", "Start-up time", Milliseconds(startup.TotalMs));
        foreach (var stage in startup.Stages)
        {
            var name = WireNames.Of(stage.Stage);
            list.Add($"monitor.startup.{name}", $"Start-up: {name.Replace('_', ' ')}", Milliseconds(stage.Ms));
        }
    }

    private static void AddFailure(PropertyList list, DaemonSnapshot daemon)
    {
        if (daemon.LastFailure is not { } failure)
        {
            return;
        }

        var stage = failure.Stage is { } s ? $" in stage {WireNames.Of(s).Replace('_', ' ')}" : "";
        list.Highlighted("monitor.lastFailure", "Last failure", $"{WireNames.Of(failure.Reason)}{stage}{(failure.Detail is { } detail ? $": {detail}" : "")}");
        list.Add("monitor.lastFailure.at", "Last failure at", failure.At);
        list.Add("monitor.lastFailure.signal", "Ended by signal", failure.Signal);
        list.Add("monitor.lastFailure.log", "Last output before the failure", failure.LogTail.Count > 0 ? string.Join('\n', failure.LogTail) : null);
    }

    private static string Milliseconds(double ms) => string.Create(CultureInfo.InvariantCulture, $"{ms:F0} ms");
}
