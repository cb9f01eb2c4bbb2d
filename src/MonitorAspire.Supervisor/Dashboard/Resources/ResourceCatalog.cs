using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervisor.Dashboard.Protocol;

namespace MonitorAspire.Supervisor.Dashboard.Resources;

internal sealed class ResourceCatalog(IFleet fleet, SupervisorResource supervisor)
{
    // Command lines are in the instance records. Each record is read once.
    private readonly Dictionary<string, (int Pid, IReadOnlyList<string> Command)> _commands = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _lock = new();

    /// <summary>The daemons and the supervisor. The supervisor is left out where a daemon has its name.</summary>
    internal IReadOnlyList<Resource> Current()
    {
        var resources = fleet.Daemons.Select(d => DaemonResource.Of(d, supervisor.CreatedAt, CommandOf(d))).ToList();
        if (fleet.Find(SupervisorResource.Name) is null)
        {
            resources.Add(supervisor.Get());
        }

        return resources;
    }

    /// <summary>The log of a resource; <see langword="null"/> where there is no such resource or no log.</summary>
    internal string? LogFile(string resourceName)
        => FindDaemon(resourceName) is { } daemon ? daemon.LogFile
            : resourceName == ResourceName.Of(SupervisorResource.Name) ? SupervisorResource.LogFile
            : null;

    internal DaemonSnapshot? FindDaemon(string resourceName) => fleet.Daemons.FirstOrDefault(d => ResourceName.Of(d.Name) == resourceName);

    private IReadOnlyList<string> CommandOf(DaemonSnapshot daemon)
    {
        lock (_lock)
        {
            var known = _commands.GetValueOrDefault(daemon.Name);
            if (daemon.Pid is not { } pid || known.Pid == pid
                || Path.GetDirectoryName(daemon.PidFile) is not { } directory
                || InstanceRecord.Read(new DaemonFiles(directory, daemon.Port).InstanceFile) is not { } record || record.Pid != pid)
            {
                return known.Command ?? [];
            }

            _commands[daemon.Name] = (pid, record.ShownCommand);
            return _commands[daemon.Name].Command;
        }
    }
}
