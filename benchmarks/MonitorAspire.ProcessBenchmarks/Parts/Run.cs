using MonitorAspire.ProcessBenchmarks.Measuring;
using MonitorAspire.ProcessBenchmarks.Reports;

namespace MonitorAspire.ProcessBenchmarks.Parts;

/// <summary>What every part of a run gets. The results so far are saved after each target, so that an interrupted run has not been for nothing.</summary>
internal sealed record Run(Options Options, IReadOnlyList<Target> Targets, Workspace Workspace, Results Results, Action Save)
{
    /// <summary>Measures one target. What goes wrong is reported, and the run goes on with the next one.</summary>
    public void Measure(string part, string setting, string target, Action measure)
    {
        Console.Error.WriteLine($"{DateTime.UtcNow:HH:mm:ss} {part} {setting} {target}");
        try
        {
            measure();
        }
        catch when (Commands.IsEnding)
        {
            // The handler of the signal ends this process. What it has stopped is no result.
            Thread.Sleep(Timeout.Infinite);
        }
        catch (Exception e)
        {
            Results.Problems.Add($"{part} {setting} {target}: {e.Message}");
            Console.Error.WriteLine(e);
        }

        Save();
    }

    /// <summary>How long a call takes, in milliseconds. The call returns when it ended.</summary>
    public static double Milliseconds(Func<long> call)
    {
        var started = Clock.Now;
        return Clock.Milliseconds(call() - started);
    }
}
