using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Cli.Logs;

/// <summary>Prints a daemon's log.</summary>
internal static class LogOutput
{
    /// <summary>Takes the bytes of a log and prints lines. A terminal gets no control characters; a program gets all characters.</summary>
    internal static LineStream To(CliConsole console) => new((line, _) =>
    {
        console.Out.WriteLine(console.OutputTraits.IsTerminal ? Printable.Line(line) : line);
        return ValueTask.CompletedTask;
    });

    /// <summary>Prints what is written to the log until it is cancelled, and then what was written last: that often explains the end.</summary>
    internal static async Task FollowAsync(LogFollower log, LineStream output, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await log.FollowAsync(output, time, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await log.CopyNewAsync(output, CancellationToken.None).ConfigureAwait(false);
        }

        await output.FinishAsync(CancellationToken.None).ConfigureAwait(false);
    }
}
