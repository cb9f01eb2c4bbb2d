using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Cli.CommandLine;

/// <summary>What was asked for last on a port: the stored definition, else the command in the record of the latest instance.</summary>
internal static class StoredDefinition
{
    // The engine adds these in front of the built-in daemon's arguments at every start.
    private static readonly string[] BuiltInOptions = ["--port", "--host", "--state-dir"];

    /// <summary>The specification; <see langword="null"/> where neither is known. Another program is never guessed.</summary>
    /// <exception cref="DefinitionFileException">There is a definition that is needed, but it cannot be used.</exception>
    /// <exception cref="UntrustedStateException">Other users can change the definition.</exception>
    internal static DaemonSpec? Find(string stateDirectory, int port, bool isNeeded = true) =>
        Read(stateDirectory, port, isNeeded) ?? (KnownDaemons.Record(stateDirectory, port) is { } record ? OfRecord(record) : null);

    /// <summary>The stored definition alone. Where it is not needed, one that cannot be used does not count: the start replaces it and says so.</summary>
    /// <exception cref="DefinitionFileException">There is a definition that is needed, but it cannot be used.</exception>
    /// <exception cref="UntrustedStateException">Other users can change the definition.</exception>
    internal static DaemonSpec? Read(string stateDirectory, int port, bool isNeeded)
    {
        try
        {
            return DefinitionFile.Read(new DaemonFiles(stateDirectory, port)) is { } definition ? DefinitionMapper.ToSpec(definition) : null;
        }
        catch (DefinitionFileException) when (!isNeeded)
        {
            return null;
        }
    }

    private static DaemonSpec? OfRecord(InstanceRecord record)
    {
        var spec = KnownDaemons.Spec(record.Port, record) with { WorkingDirectory = record.WorkingDirectory };
        return record.Command.ToArray() switch
        {
            // Another launcher does not tell the command. Only of the built-in daemon is it known.
            [] => IsBuiltIn(record.Identity is { } identity && ProcessTable.Current.IsAlive(identity) ? ProcessTable.Current.Describe(identity.Pid)?.Executable : null) ? spec : null,
            var all when OwnProgram.Is(OwnProgram.Daemon, all, out var arguments) => spec with { Arguments = [.. OwnArguments(arguments)] },
            [var executable, .. var arguments] => spec with { Command = executable, Arguments = [.. arguments.Select(Placeholders.Quote)] },
        };
    }

    private static bool IsBuiltIn(string? executable) => Path.GetFileNameWithoutExtension(executable) == OwnProgram.Daemon;

    private static IEnumerable<string> OwnArguments(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            if (BuiltInOptions.Contains(arguments[i]))
            {
                i++;
            }
            else
            {
                yield return Placeholders.Quote(arguments[i]);
            }
        }
    }
}
