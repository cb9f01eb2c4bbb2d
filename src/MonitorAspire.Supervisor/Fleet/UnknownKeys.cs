using System.Text.Json.Serialization.Metadata;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>
/// Finds keys of the section <c>Monitors</c> that do not exist. The framework's binder ignores them, so that a misspelt key would silently
/// mean the default.
/// </summary>
internal static class UnknownKeys
{
    /// <summary>The first unknown key, as a sentence that starts with the key, or <see langword="null"/>.</summary>
    internal static string? Find(IConfigurationSection section) => Find(section, DefinitionJson.Default.MonitorsOptions);

    private static string? Find(IConfigurationSection section, JsonTypeInfo type)
    {
        foreach (var child in section.GetChildren())
        {
            switch (type.Kind)
            {
                case JsonTypeInfoKind.Object:
                    var property = type.Properties.FirstOrDefault(p => string.Equals(p.Name, child.Key, StringComparison.OrdinalIgnoreCase));
                    if (property is null)
                    {
                        return $"{child.Path}: is not a setting; there are {string.Join(", ", type.Properties.Select(p => Pascal(p.Name)))}";
                    }

                    if (Below(child, property.PropertyType) is { } inside)
                    {
                        return inside;
                    }

                    break;
                case JsonTypeInfoKind.Enumerable when type.ElementType is { } element && Below(child, element) is { } problem:
                    return problem;
            }
        }

        return null;
    }

    private static string? Below(IConfigurationSection section, Type type)
        => DefinitionJson.Default.GetTypeInfo(Nullable.GetUnderlyingType(type) ?? type) is { } info ? Find(section, info) : null;

    private static string Pascal(string name) => char.ToUpperInvariant(name[0]) + name[1..];
}
