using System.CommandLine;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Cli.CommandLine;

/// <summary>A daemon that is named by its name in place of its port.</summary>
internal static class DaemonNames
{
    /// <summary>The argument NAME of a command. A shell completes the names of the state directory.</summary>
    internal static Argument<string?> Argument()
    {
        var argument = new Argument<string?>("name") { Description = "Name of the daemon, in place of --port.", HelpName = "NAME", Arity = ArgumentArity.ZeroOrOne };
        argument.CompletionSources.Add(static _ => Known(StateDirectory.Resolve()));
        return argument;
    }

    /// <summary>Refuses a name together with an option that says otherwise which daemons are meant.</summary>
    internal static void ExcludeName(this Command command, Argument<string?> name, params Option[] others) => command.Validators.Add(result =>
    {
        if (result.GetResult(name) is { Tokens.Count: > 0 } && others.FirstOrDefault(o => CliOptions.IsSet(result, o)) is { } other)
        {
            result.AddError($"a name and {other.Name} exclude each other");
        }
    });

    /// <summary>The port of the daemon with a name, upper and lower case being the same. Supervised: the daemons that supervisors look after.</summary>
    /// <exception cref="UsageException">No daemon of the state directory has the name, or several have it.</exception>
    internal static int PortOf(string name, string stateDirectory, IEnumerable<(string Name, int Port)>? supervised = null)
    {
        var all = KnownDaemons.All(stateDirectory).Select(d => (d.Name, d.Port)).Union(supervised ?? []).ToList();
        var ports = all.Where(d => string.Equals(d.Name, name, StringComparison.OrdinalIgnoreCase)).Select(d => d.Port).Distinct().ToList();
        return ports switch
        {
            [var port] => port,
            [] when all.Count == 0 => throw new UsageException($"no daemon is named '{name}': {stateDirectory} has none"),
            [] => throw new UsageException($"no daemon is named '{name}'; known are {string.Join(", ", all.Select(d => $"{d.Name} (port {d.Port})"))}"),
            _ => throw new UsageException($"'{name}' is the name of several daemons; say which one: {string.Join(" or ", ports.Select(p => $"--port {p}"))}"),
        };
    }

    private static IEnumerable<string> Known(string stateDirectory)
    {
        try
        {
            StateDirectory.EnsureTrusted(stateDirectory);
            return [.. KnownDaemons.All(stateDirectory).Select(d => d.Name)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
