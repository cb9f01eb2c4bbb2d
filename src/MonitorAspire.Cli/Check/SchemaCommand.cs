using System.CommandLine;
using MonitorAspire.Cli.CommandLine;

namespace MonitorAspire.Cli.Check;

/// <summary><c>monitor schema</c>: the JSON schema of a configuration, for editors.</summary>
internal static class SchemaCommand
{
    internal const string ResourceName = "monitors.schema.json";

    internal static Command Create(CliContext context)
    {
        var command = new Command("schema", "Print the JSON schema of a configuration, with which an editor completes keys and marks errors.");
        command.SetAction(_ =>
        {
            using var schema = new StreamReader(typeof(SchemaCommand).Assembly.GetManifestResourceStream(ResourceName)!);
            context.Console.Out.Write(schema.ReadToEnd());
        });
        return command.WithHelp("""
            Examples:
              monitor schema > monitors.schema.json          then { "$schema": "./monitors.schema.json", "Monitors": { … } }

            Exit codes: 0 done; 2 usage.
            """);
    }
}
