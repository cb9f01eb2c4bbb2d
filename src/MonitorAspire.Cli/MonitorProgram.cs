using System.CommandLine;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli;

/// <summary>From arguments to an exit code. No input of a user ends in a stack trace.</summary>
internal static class MonitorProgram
{
    internal static readonly ParserConfiguration Parsing = new()
    {
        // '-ft' is a typing mistake here, and '@file' may be an argument of a daemon.
        EnablePosixBundling = false,
        ResponseFileTokenReplacer = null,
    };

    internal static async Task<int> RunAsync(IReadOnlyList<string> arguments, CliContext context)
    {
        using var interrupts = new Interrupts(context.Console.OutputGone);
        var parsed = MonitorCommand.Create(context, interrupts).Parse(arguments, Parsing);
        if (UsageErrors.Find(parsed) is { } wrong)
        {
            context.Console.Fail(wrong);
            return ExitCodes.Usage;
        }

        using var ended = new CancellationTokenSource();
        var reaping = OrphanReaper.RunAsync(context.Time, ended.Token);
        var invocation = new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            // Interrupts handles signals: a stop may take its grace period and must not be ended after two seconds.
            ProcessTerminationTimeout = null,
            Output = context.Console.Out,
            Error = context.Console.Error,
        };

        try
        {
            return await parsed.InvokeAsync(invocation, interrupts.Soft).ConfigureAwait(false);
        }
        catch (UsageException e)
        {
            return Fail(ExitCodes.Usage, e.Message);
        }
        catch (UnauthorizedAccessException e)
        {
            return Fail(ExitCodes.PermissionDenied, e.Message);
        }
        catch (OperationCanceledException)
        {
            return Fail(ExitCodes.Failure, "cancelled");
        }
        catch (IOException e)
        {
            return Fail(ExitCodes.Failure, e.Message);
        }
#pragma warning disable CA1031 // The last resort: a user needs one sentence, and a developer the type of the error.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Fail(ExitCodes.Failure, $"unexpected {e.GetType().Name}: {e.Message} (please report this)");
        }

        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await reaping.ConfigureAwait(false);
        }

        int Fail(int code, string message)
        {
            context.Console.Fail(message);
            return code;
        }
    }
}
