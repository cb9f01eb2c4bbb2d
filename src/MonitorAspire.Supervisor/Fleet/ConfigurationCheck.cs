using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Telemetry;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>The dry run: reads a configuration as the supervisor does and prints all errors, or the daemons and what this machine lacks for them. It changes nothing.</summary>
internal static class ConfigurationCheck
{
    internal static async Task<int> RunAsync(CommandLine commandLine)
    {
        var (errors, fleet, stateDirectory) = await FindErrorsAsync(new ConfigurationSetup(commandLine));
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

        foreach (var finding in FindingsOnThisMachine(fleet.Specs, stateDirectory!))
        {
            await Console.Error.WriteLineAsync(VisibleText.Line($"{commandLine.ConfigFile}: {finding}"));
        }

        return ExitCodes.Success;
    }

    // They are no errors of the file: it may be for another machine, or for another user.
    private static IEnumerable<string> FindingsOnThisMachine(IEnumerable<DaemonSpec> specs, string stateDirectory)
    {
        var check = new LaunchCheck(new EngineParts(
            new EngineOptions { StateDirectory = stateDirectory, DaemonEnvironment = DaemonEnvironment.Common }, TimeProvider.System));
        foreach (var spec in specs.Where(s => s.Launch == LaunchMode.Supervisor))
        {
            string? problem = null;
            try
            {
                check.RequireCommand(spec, new DaemonFiles(stateDirectory, spec.Port));
            }
            catch (StartupFailedException e)
            {
                problem = $"{WireNames.Of(e.Reason)}: {e.Message}";
            }

            if (problem is not null)
            {
                yield return $"{spec.Name} could not be started here and now: {problem}";
            }
        }
    }

    private static async Task<(IReadOnlyList<string> Errors, FleetConfiguration? Fleet, string? StateDirectory)> FindErrorsAsync(ConfigurationSetup setup)
    {
        IConfiguration configuration;
        try
        {
            configuration = setup.ReadAgain(Environments.Production);
        }
        catch (ConfigurationException e)
        {
            return ([e.Message], null, null);
        }

        if (!configuration.GetSection(MonitorsOptions.Section).Exists())
        {
            return ([$"there is no section '{MonitorsOptions.Section}'"], null, null);
        }

        var monitors = MonitorsReader.Read(configuration, out var errors, out var wrongKeys);
        var found = errors.ToList();
        FleetConfiguration? fleet = null;
        string? stateDirectory = null;
        try
        {
            await ServiceAddresses.ResolveAsync(monitors, configuration);
            var specs = MonitorsReader.Resolve(monitors, configuration, out var inValues);

            // A value that could not be read has its message, and is the default here.
            found.AddRange(inValues.Where(e => !wrongKeys.Any(key => e.Contains($"{key}:", StringComparison.OrdinalIgnoreCase))));
            fleet = new FleetConfiguration(monitors, specs);
            var settings = SupervisorSettings.Read(configuration, monitors);
            stateDirectory = settings.StateDirectory;
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

        return (found, fleet, stateDirectory);
    }
}
