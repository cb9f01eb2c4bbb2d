using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace MonitorAspire.Cli.CommandLine;

/// <summary>Examples and exit codes below the help text of System.CommandLine.</summary>
internal static class HelpExamples
{
    private static readonly Dictionary<Command, string> Texts = [];

    /// <summary>Adds text at the end of a command's help.</summary>
    internal static T WithHelp<T>(this T command, string text)
        where T : Command
    {
        Texts[command] = text;
        return command;
    }

    /// <summary>Makes the help option of the root print the examples too.</summary>
    internal static void Install(RootCommand root)
    {
        // The help option of the library has the aliases '/?' and '/h', which completion would offer.
        root.Options.Remove(root.Options.OfType<HelpOption>().Single());
        root.Options.Add(new HelpOption("--help", "-h") { Action = new HelpWithExamples(new HelpAction()) });
    }

    private sealed class HelpWithExamples(HelpAction inner) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var code = inner.Invoke(parseResult);
            if (Texts.TryGetValue(parseResult.CommandResult.Command, out var text))
            {
                parseResult.InvocationConfiguration.Output.WriteLine(text.Trim('\n'));
            }

            return code;
        }
    }
}
