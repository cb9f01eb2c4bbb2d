using System.Text.Json;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervisor.Fleet;
using MonitorAspire.Supervisor.Security;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Rest;

/// <summary>Secrets in the environment of a definition: GET hides them, PUT puts them back.</summary>
internal static class DefinitionSecrets
{
    /// <summary>A copy with masks instead of secrets.</summary>
    internal static DaemonDefinition Hide(DaemonDefinition definition)
    {
        var copy = JsonSerializer.Deserialize(
            JsonSerializer.SerializeToUtf8Bytes(definition, DefinitionJson.Default.DaemonDefinition), DefinitionJson.Default.DaemonDefinition)!;
        copy.Environment = SecretVariables.Hide(copy.Environment);
        return copy;
    }

    /// <summary>Puts the stored secrets in the place of masks.</summary>
    /// <param name="definition">The definition of a request.</param>
    /// <param name="stored">The definition as it is; <see langword="null"/> where the daemon is new.</param>
    /// <exception cref="DefinitionException">There is no stored value for a mask.</exception>
    internal static void Restore(DaemonDefinition definition, DaemonDefinition? stored)
    {
        var missing = SecretVariables.Restore(definition.Environment, stored?.Environment ?? new Dictionary<string, string>());
        if (missing.Count > 0)
        {
            throw new DefinitionException(missing.ToDictionary(
                name => $"environment.{name}", static _ => (string[])[$"'{SecretVariables.Mask}' stands for the stored value, and there is none"]));
        }
    }
}
