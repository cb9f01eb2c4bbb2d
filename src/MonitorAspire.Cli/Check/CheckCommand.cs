using System.CommandLine;
using System.Diagnostics;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Cli.Check;

/// <summary><c>monitor check</c>: what the supervisor says about a configuration. The supervisor's program reads it.</summary>
internal static class CheckCommand
{
    internal static Command Create()
    {
        var file = new Argument<string>("file") { Description = "JSON file with a section 'Monitors'.", HelpName = "FILE" };
        var command = new Command("check", "Say what is wrong in a configuration, and start nothing.") { file };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetRequiredValue(file), cancellationToken));
        return command.WithHelp("""
            Examples:
              monitor check fleet.json          all errors, or the daemons with their ports and their order

            Exit codes: 0 the file is right; 2 usage, or the file is wrong.
            """);
    }

    private static async Task<int> RunAsync(string file, CancellationToken cancellationToken)
    {
        if (RegularFile.WhyNot(file) is { } problem)
        {
            throw new UsageException($"{file}: {problem}");
        }

        var program = OwnProgram.Beside(OwnProgram.Supervisor);
        using var process = Process.Start(new ProcessStartInfo(program.Command, [.. program.Arguments, "--check", Path.GetFullPath(file)]))!;
        await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        return process.ExitCode;
    }
}
