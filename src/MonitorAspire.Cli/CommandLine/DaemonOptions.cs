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

    /// <summary>Adds them to a command.</summary>
    internal void AddTo(Command command)
    {
        command.Add(Port);
        command.Add(Host);
        command.Add(Name);
        command.Add(HealthPath);
        Health.AddTo(command);
        command.Add(StateDirectory);
    }

    /// <summary>The selected state directory, as an absolute path.</summary>
    internal string ResolveStateDirectory(ParseResult parsed) => ResolveStateDirectory(parsed.GetValue(StateDirectory));

    /// <summary>The selected state directory, as an absolute path.</summary>
    internal static string ResolveStateDirectory(string? given)
    {
        var path = ResolveUnchecked(given);
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

    /// <summary>The selected daemon: the options, else the record of the port's instance, else the defaults. So a health path that was
    /// given to the start need not be given to later commands.</summary>
    internal DaemonSpec Resolve(ParseResult parsed, InstanceRecord? record)
    {
        var port = parsed.GetValue(Port);
        return Checked(KnownDaemons.Spec(port, record) with
        {
            Name = parsed.GetValue(Name) ?? NullIfEmpty(record?.Name) ?? DaemonSpec.DefaultName(port),
            Host = parsed.GetValue(Host) ?? NullIfEmpty(record?.Host) ?? "127.0.0.1",
            HealthPath = parsed.GetValue(HealthPath) ?? NullIfEmpty(record?.HealthPath) ?? "/health",
            Health = Health.In(parsed) ?? record?.Health ?? new HealthCheck(),
        });
    }

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

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
