using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;

namespace MonitorAspire.Supervisor.Settings;

/// <summary>Finds the source of a value in the configuration, so that a message can name the file to correct.</summary>
internal static class ConfigurationOrigin
{
    /// <summary>Adds the source of a key in front of a message that starts with the key. A key from the command line has none.</summary>
    internal static string Locate(IConfiguration configuration, string message)
    {
        // A value that is missing would be where the values beside it are.
        for (var end = message.IndexOf(": ", StringComparison.Ordinal); end > 0; end = message.LastIndexOf(':', end - 1))
        {
            if (Of(configuration, message[..end]) is { } origin)
            {
                return $"{origin}: {message}";
            }
        }

        return message;
    }

    // The last provider that has the key, or a key below it, takes precedence.
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

/// <summary>The configuration or the command line is wrong. The message is one line for the user.</summary>
internal sealed class ConfigurationException(string message) : Exception(message);
