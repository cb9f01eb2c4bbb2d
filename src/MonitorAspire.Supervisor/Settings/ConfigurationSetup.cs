using System.Text.Json;
using Microsoft.Extensions.Configuration.Json;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervisor.Settings;

/// <summary>The sources of the configuration. A later one takes precedence: appsettings.json, --config, environment, command line.</summary>
internal sealed class ConfigurationSetup(CommandLine commandLine)
{
    /// <summary>A builder with all sources. It notices when a file changes.</summary>
    internal WebApplicationBuilder CreateBuilder() => WithExplanation(() =>
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ApplicationName = SupervisorSettings.ProgramName,
            // Not the working directory: an appsettings.json there belongs to another program.
            ContentRootPath = AppContext.BaseDirectory,
        });
        AddOverrides(builder.Configuration, reload: true);
        foreach (var file in builder.Configuration.Sources.OfType<JsonConfigurationSource>())
        {
            // A later reload must not throw on a thread of the file watcher. ReadAgain reports what is wrong with the file.
            file.OnLoadException = static failed => failed.Ignore = true;
        }

        return builder;
    });

    /// <summary>Reads all sources again. The builder's own configuration cannot be used: after an error in a file it treats the file as
    /// empty, and that would be the default fleet.</summary>
    internal IConfiguration ReadAgain(string environmentName) => WithExplanation(() =>
    {
        var builder = new ConfigurationBuilder()
            .SetBasePath(AppContext.BaseDirectory)
            .AddJsonFile("appsettings.json", optional: true)
            .AddJsonFile($"appsettings.{environmentName}.json", optional: true)
            .AddEnvironmentVariables();
        AddOverrides(builder, reload: false);
        return builder.Build();
    });

    /// <summary>
    /// What the files are now. A file watcher does not see a change behind a symbolic link.
    /// </summary>
    internal string Fingerprint(string environmentName)
    {
        var files = ((string?[])["appsettings.json", $"appsettings.{environmentName}.json", commandLine.ConfigFile])
            .OfType<string>().Select(file => ContentVersion.Of(Path.Combine(AppContext.BaseDirectory, file)));
        return string.Join('|', files);
    }

    private void AddOverrides(IConfigurationBuilder configuration, bool reload)
    {
        if (commandLine.ConfigFile is { } file)
        {
            if (RegularFile.WhyNot(file) is { } problem)
            {
                throw new ConfigurationException($"{(commandLine.IsCheck ? "--check" : "--config")} '{file}': {problem}");
            }

            configuration.Add(new MonitorsFileSource(file, reload));
            configuration.AddEnvironmentVariables();
        }

        configuration.AddInMemoryCollection(commandLine.Values);
    }

    private static T WithExplanation<T>(Func<T> read)
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
