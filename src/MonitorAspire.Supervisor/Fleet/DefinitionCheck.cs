using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>Validates a definition that was sent to the REST API.</summary>
internal static class DefinitionCheck
{
    /// <summary>Key (as in <c>restart.jitter</c>) and sentence for each error.</summary>
    internal static IEnumerable<(string Key, string Message)> Problems(DaemonDefinition definition, MonitorsOptions fleet)
    {
        if (definition.Launch != LaunchMode.Supervisor)
        {
            yield return ("launch", $"'{definition.Launch}' cannot be set over the REST API: a daemon that another program launches is declared there");
        }

        foreach (var (key, message) in FleetTopology.Problems(DefinitionMapper.ToSpec(definition, fleet)))
        {
            if (key is nameof(DaemonDefinition.Restart) or nameof(DaemonDefinition.Log) && message.Split(':', 3) is [_, var part, var what])
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

/// <summary>A definition is invalid: the keys, and what is wrong with each.</summary>
internal sealed class DefinitionException(IReadOnlyDictionary<string, string[]> errors)
    : Exception(string.Join("; ", errors.Select(e => e.Key.Length == 0 ? string.Join("; ", e.Value) : $"{e.Key}: {string.Join("; ", e.Value)}")))
{
    internal DefinitionException(string key, string message)
        : this(new Dictionary<string, string[]> { [key] = [message] })
    {
    }

    internal IReadOnlyDictionary<string, string[]> Errors { get; } = errors;
}
