using MonitorAspire.Supervisor.Hosting;

namespace MonitorAspire.Supervisor.Settings;

/// <summary>Where the configuration comes from, the later over the earlier: appsettings.json, --config, environment, command line.</summary>
internal static class ConfigurationSetup
{
    /// <summary>A builder with all of it.</summary>
    /// <exception cref="ConfigurationException">A file is missing or no JSON.</exception>
    internal static WebApplicationBuilder CreateBuilder(CommandLine commandLine)
    {
        try
        {
            var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
            {
                ApplicationName = SupervisorApplication.Name,
                // Not the working directory: whatever appsettings.json lies there is somebody else's.
                ContentRootPath = AppContext.BaseDirectory,
            });
            if (commandLine.ConfigFile is { } file)
            {
                if (!File.Exists(file))
                {
                    throw new ConfigurationException($"--config '{file}': there is no such file");
                }

                builder.Configuration.AddJsonFile(file, optional: false, reloadOnChange: true);
                builder.Configuration.AddEnvironmentVariables();
            }

            builder.Configuration.AddInMemoryCollection(commandLine.Values);
            return builder;
        }
        catch (InvalidDataException e)
        {
            // "Failed to load configuration from file '…'", and inside where in it.
            throw new ConfigurationException($"{e.Message} {e.InnerException?.Message}".Trim());
        }
    }
}
