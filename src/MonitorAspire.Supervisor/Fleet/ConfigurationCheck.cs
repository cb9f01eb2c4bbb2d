using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>The dry run: reads a configuration as the supervisor does and prints all errors, or the daemons. It changes nothing.</summary>
internal static class ConfigurationCheck
{
    internal static async Task<int> RunAsync(CommandLine commandLine)
    {
        var (errors, fleet) = await FindErrorsAsync(new ConfigurationSetup(commandLine));
        foreach (var error in errors)
        {
            await Console.Error.WriteLineAsync(VisibleText.Line(error));
        }

        if (errors.Count > 0)
        {
            return ExitCodes.Usage;
        }

        await Console.Out.WriteLineAsync($"{commandLine.ConfigFile} is right. Daemons: {fleet!.Specs.Count}");
        foreach (var spec in fleet.Specs)
        {
            var after = spec.DependsOn.Count > 0 ? $", after {string.Join(" and ", spec.DependsOn.Select(d => d.Name))}" : "";
            await Console.Out.WriteLineAsync(VisibleText.Line(FormattableString.Invariant($"  {spec.Name}: port {spec.Port}{after}{(spec.AutoStart ? "" : ", not started with the fleet")}")));
        }

        return ExitCodes.Success;
    }

    private static async Task<(IReadOnlyList<string> Errors, FleetConfiguration? Fleet)> FindErrorsAsync(ConfigurationSetup setup)
    {
        IConfiguration configuration;
        try
        {
            configuration = setup.ReadAgain(Environments.Production);
        }
        catch (ConfigurationException e)
        {
            return ([e.Message], null);
        }

        if (!configuration.GetSection(MonitorsOptions.Section).Exists())
        {
            return ([$"there is no section '{MonitorsOptions.Section}'"], null);
        }

        var monitors = MonitorsReader.Read(configuration, out var errors, out var wrongKeys);
        var found = errors.ToList();
        FleetConfiguration? fleet = null;
        try
        {
            await ServiceAddresses.ResolveAsync(monitors, configuration);
            var specs = MonitorsReader.Resolve(monitors, configuration, out var inValues);

            // A value that could not be read has its message, and is the default here.
            found.AddRange(inValues.Where(e => !wrongKeys.Any(key => e.Contains($"{key}:", StringComparison.OrdinalIgnoreCase))));
            fleet = new FleetConfiguration(monitors, specs);
            var settings = SupervisorSettings.Read(configuration, monitors);
            if (found.Count == 0)
            {
                ResolvedFleet.Of(fleet, FleetOverlay.Empty, settings, out var conflicts);
                found.AddRange(conflicts);
            }
        }
        catch (ConfigurationException e)
        {
            found.Add(e.Message);
        }

        return (found, fleet);
    }
}
