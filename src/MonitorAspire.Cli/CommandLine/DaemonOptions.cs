using System.CommandLine;
using System.CommandLine.Parsing;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Cli.CommandLine;

/// <summary>The options that select a daemon.</summary>
internal sealed class DaemonOptions
{
    internal Option<int> Port { get; } = CliOptions.Port();

    internal Option<string?> Host { get; } = CliOptions.Host();

    internal Option<string?> Name { get; } = CliOptions.Text(
        "--name", "NAME", "Name of the daemon: letters, digits, '-', '_' and '.'. [default: monitor-PORT]");

    internal Option<string?> HealthPath { get; } = CliOptions.Text("--health-path", "PATH", "Path of the health check. [default: /health]");

    internal HealthOptions Health { get; } = new();

    internal Option<string?> StateDirectory { get; } = CliOptions.StateDirectory();

    internal VariableOption Environment { get; } = new();

    internal EnvironmentFileOption EnvironmentFiles { get; } = new();

    /// <summary>The daemon's name as an argument, in place of <see cref="Port"/>. Not for <c>start</c> and <c>restart</c>, see <see cref="DaemonCommandLine"/>.</summary>
    internal Argument<string?> NameArgument { get; } = DaemonNames.Argument();

    /// <summary>Adds the options of a start to a command.</summary>
    internal void AddTo(Command command)
    {
        command.Add(Port);
        command.Add(Host);
        command.Add(Name);
        command.Add(HealthPath);
        Health.AddTo(command);
        command.Add(Environment);
        command.Add(EnvironmentFiles);
        command.Add(StateDirectory);
    }

    /// <summary>The selected state directory, as an absolute path.</summary>
    internal string ResolveStateDirectory(ParseResult parsed) => ResolveStateDirectory(parsed.GetValue(StateDirectory));

    /// <summary>The selected state directory, as an absolute path.</summary>
    internal static string ResolveStateDirectory(string? given)
    {
        var path = ResolveUnchecked(given);
        if (Supervision.Files.StateDirectory.WhyUnusable(path) is { } unusable)
        {
            throw new UsageException(unusable);
        }

        Supervision.Files.StateDirectory.EnsureTrusted(path);
        return path;
    }

    /// <summary>The same for <c>monitor doctor</c>, which reports a directory that other users can change.</summary>
    internal static string ResolveUnchecked(string? given)
    {
        try
        {
            return Supervision.Files.StateDirectory.Resolve(given);
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"--state-dir: '{given}' is not a path: {e.Message}");
        }
    }

    /// <summary>The port of the selected daemon: that of its name, where one was given, else the option.</summary>
    internal int ResolvePort(ParseResult parsed, string stateDirectory, string? name, IEnumerable<(string Name, int Port)>? supervised = null)
    {
        if (name is null)
        {
            return parsed.GetValue(Port);
        }

        return IsGiven(parsed, Port) ? throw new UsageException("a name and --port exclude each other") : DaemonNames.PortOf(name, stateDirectory, supervised);
    }

    /// <summary>The selected daemon, to look at it or to stop it: the options over what is known of it. So a health path that was given to the
    /// start need not be given to later commands.</summary>
    internal DaemonSpec Resolve(ParseResult parsed, string stateDirectory, IEnumerable<(string Name, int Port)>? supervised = null)
        => Checked(Over(KnownDaemons.Find(stateDirectory, ResolvePort(parsed, stateDirectory, parsed.GetValue(NameArgument), supervised)).ToSpec(), parsed));

    /// <summary>The specification with the options that were given.</summary>
    internal DaemonSpec Over(DaemonSpec spec, ParseResult parsed) => spec with
    {
        Name = parsed.GetValue(Name) ?? spec.Name,
        Host = parsed.GetValue(Host) ?? spec.Host,
        HealthPath = parsed.GetValue(HealthPath) ?? spec.HealthPath,
        Health = Health.Over(spec.Health, parsed),
        Environment = Environment.Over(spec.Environment, parsed),
        EnvironmentFiles = EnvironmentFiles.In(parsed) ?? spec.EnvironmentFiles,
    };

    /// <summary>Refuses a host that has no address. Nothing could be said about a daemon on it.</summary>
    internal void RequireKnownHost(ParseResult parsed)
    {
        if (parsed.GetValue(Host) is { } host && HostAddresses.Find(host).Count == 0)
        {
            throw new UsageException($"--host: '{host}' cannot be resolved: it stands for no address");
        }
    }

    /// <summary>The specification, or an exception that says what is wrong with it.</summary>
    internal static DaemonSpec Checked(DaemonSpec spec) => FleetTopology.Validate(spec) is { } error ? throw new UsageException(error) : spec;

    /// <summary>Whether an option was typed.</summary>
    internal static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is OptionResult { Implicit: false };
}
