using System.Text.Json.Serialization.Metadata;

namespace MonitorAspire.Supervisor.Settings;

/// <summary>
/// Finds keys of the section <c>Monitors</c> that mean nothing: the framework's binder passes over them, and a misspelt key would be a
/// default that nobody asked for.
/// </summary>
internal static class UnknownKeys
{
    /// <summary>The first one, as a sentence that begins with the key, or <see langword="null"/>.</summary>
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
                        return $"{child.Path}: is no setting; there are {string.Join(", ", type.Properties.Select(p => Pascal(p.Name)))}";
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
