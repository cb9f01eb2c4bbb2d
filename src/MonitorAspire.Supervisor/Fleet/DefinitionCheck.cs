using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>What is wrong with a daemon that was given over the interface.</summary>
internal static class DefinitionCheck
{
    /// <summary>Key (<c>restart.jitter</c>) and sentence for each thing that is wrong.</summary>
    internal static IEnumerable<(string Key, string Message)> Problems(DaemonDefinition definition, MonitorsOptions fleet)
    {
        if (definition.Launch != LaunchMode.Supervisor)
        {
            yield return ("launch", $"'{definition.Launch}' cannot be said over the interface: what somebody else launches is declared where that is done");
        }

        foreach (var (key, message) in FleetTopology.Problems(FleetTopology.Spec(definition, fleet)))
        {
            if (key == nameof(DaemonDefinition.Restart) && message.Split(':', 3) is [_, var part, var what])
            {
                yield return ($"{JsonProblem.Camel(key)}.{JsonProblem.Camel(part)}", what.Trim());
            }
            else
            {
                yield return (JsonProblem.Camel(key), message);
            }
        }
    }
}
