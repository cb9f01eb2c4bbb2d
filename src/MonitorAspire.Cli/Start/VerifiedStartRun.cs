using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli.Start;

/// <summary>One verified start and its output.</summary>
internal sealed class VerifiedStartRun(CliContext context, IDaemonEngine engine, bool json)
{
    internal async Task<StartOutcome> StartAsync(DaemonSpec spec, StartOptions options, CancellationToken cancellationToken)
    {
        StartOutcome outcome;
        using (var progress = StageProgress.On(context.Console))
        {
            outcome = await engine.StartAsync(spec, options with { StageEntered = progress.Enter }, cancellationToken).ConfigureAwait(false);
            progress.Finish(outcome.Report);
        }

        Print(outcome.Report);
        return outcome;
    }

    private void Print(StartupReport report)
    {
        if (json)
        {
            JsonOutput.Write(context.Console, report, SupervisionJson.Default.StartupReport);
        }

        foreach (var note in report.Notes)
        {
            context.Console.Note($"note: {note}");
        }

        if (!report.Serves)
        {
            StartupFailure.Print(context.Console, report);
        }
        else if (!json)
        {
            context.Console.Out.WriteLine(StartupSuccess.Describe(report, context.Console.OutputTraits.Colour));
        }
    }
}
