using System.Text.Json;
using Microsoft.Extensions.Configuration.Json;
using MonitorAspire.Supervisor.Hosting;

namespace MonitorAspire.Supervisor.Settings;

/// <summary>Where the configuration comes from, the later over the earlier: appsettings.json, --config, environment, command line.</summary>
internal sealed class ConfigurationSetup(CommandLine commandLine)
{
    /// <summary>A builder with all of it, which notices when a file changes.</summary>
    /// <exception cref="ConfigurationException">A file is missing or no JSON.</exception>
    internal WebApplicationBuilder CreateBuilder() => Explaining(() =>
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ApplicationName = SupervisorApplication.Name,
            // Not the working directory: whatever appsettings.json lies there is somebody else's.
            ContentRootPath = AppContext.BaseDirectory,
        });
        AddOverrides(builder.Configuration, reload: true);
        foreach (var file in builder.Configuration.Sources.OfType<JsonConfigurationSource>())
        {
            // From here on a file that cannot be read again must not throw on a thread of nobody's: ReadAgain says what is wrong with it.
            file.OnLoadException = static failed => failed.Ignore = true;
        }

        return builder;
    });

    /// <summary>
    /// All of it as it is now, read afresh: what the builder's own configuration holds after a file could not be read is an empty
    /// file's, and that would mean the default fleet.
    /// </summary>
    /// <exception cref="ConfigurationException">A file is missing or no JSON.</exception>
    internal IConfiguration ReadAgain(string environmentName) => Explaining(() =>
    {
        var builder = new ConfigurationBuilder()
            .SetBasePath(AppContext.BaseDirectory)
            .AddJsonFile("appsettings.json", optional: true)
            .AddJsonFile($"appsettings.{environmentName}.json", optional: true)
            .AddEnvironmentVariables();
        AddOverrides(builder, reload: false);
        return builder.Build();
    });

    private void AddOverrides(IConfigurationBuilder configuration, bool reload)
    {
        if (commandLine.ConfigFile is { } file)
        {
            if (!File.Exists(file))
            {
                throw new ConfigurationException($"--config '{file}': there is no such file");
            }

            configuration.AddJsonFile(file, optional: false, reloadOnChange: reload);
            configuration.AddEnvironmentVariables();
        }

        configuration.AddInMemoryCollection(commandLine.Values);
    }

    private static T Explaining<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException e) when (e.InnerException?.InnerException is JsonException syntax)
        {
            // "Failed to load configuration from file '…'": the file is between the quotes.
            var file = e.Message.Split('\'') is [_, var path, ..] ? path : "the configuration";
            throw new ConfigurationException($"{file}: {JsonProblem.Syntax(syntax)}");
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{e.Message} {e.InnerException?.Message}".Trim());
        }
    }
}
