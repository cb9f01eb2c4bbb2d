using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;

namespace MonitorAspire.Supervisor.Settings;

/// <summary>Where a value of the configuration comes from: who is to mend it must know which file to open.</summary>
internal static class ConfigurationOrigin
{
    /// <summary>A message that begins with a key, with the origin of that key in front where it is not the command line.</summary>
    internal static string Locate(IConfiguration configuration, string message)
    {
        var end = message.IndexOf(": ", StringComparison.Ordinal);
        return end > 0 && Of(configuration, message[..end]) is { } origin ? $"{origin}: {message}" : message;
    }

    // The last provider that has the key, or anything below it, has the say.
    private static string? Of(IConfiguration configuration, string key)
        => (configuration as IConfigurationRoot)?.Providers.Reverse().FirstOrDefault(p => Has(p, key)) switch
        {
            JsonConfigurationProvider { Source: { Path: { } path } source } => source.FileProvider?.GetFileInfo(path).PhysicalPath ?? path,
            EnvironmentVariablesConfigurationProvider => "environment",
            _ => null,
        };

    private static bool Has(IConfigurationProvider provider, string key)
        => provider.TryGet(key, out _) || provider.GetChildKeys([], key).Any();
}
