using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Cli.Restart;

/// <summary>Makes a specification from the command in an instance record.</summary>
internal static class RecordedCommand
{
    private const string BuiltInDaemon = "monitor-aspire-daemon";

    // The engine adds these in front of the built-in daemon's arguments at every start.
    private static readonly string[] BuiltInOptions = ["--port", "--host", "--state-dir"];

    internal static DaemonSpec Apply(InstanceRecord record, DaemonSpec spec) =>
        WithCommand(record, spec with { WorkingDirectory = record.WorkingDirectory });

    private static DaemonSpec WithCommand(InstanceRecord record, DaemonSpec spec) => record.Command.ToArray() switch
    {
        [] => spec,
        [var executable, .. var arguments] when Path.GetFileNameWithoutExtension(executable) == BuiltInDaemon =>
            spec with { Command = null, Arguments = [.. OwnArguments(arguments)] },
        [var executable, .. var arguments] => spec with { Command = executable, Arguments = arguments },
    };

    private static IEnumerable<string> OwnArguments(string[] arguments)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            if (BuiltInOptions.Contains(arguments[i]))
            {
                i++;
            }
            else
            {
                yield return arguments[i];
            }
        }
    }
}
