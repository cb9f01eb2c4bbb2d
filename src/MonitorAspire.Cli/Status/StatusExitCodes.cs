using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli.Status;

/// <summary>Exit codes of the status action of LSB init scripts.</summary>
internal static class StatusExitCodes
{
    internal const int Running = 0;

    /// <summary>Dead, but its PID file exists.</summary>
    internal const int Dead = 1;

    internal const int NotRunning = 3;

    /// <summary>Unknown, foreign, unhealthy, or still starting.</summary>
    internal const int Unknown = 4;

    internal static int For(InspectionVerdict verdict) => verdict switch
    {
        InspectionVerdict.Running => Running,
        InspectionVerdict.Dead => Dead,
        InspectionVerdict.NotRunning => NotRunning,
        _ => Unknown,
    };

    /// <summary>Of several daemons: the code of the worst. No daemon at all is "not running".</summary>
    internal static int For(IReadOnlyCollection<DaemonInspection> daemons)
    {
        var codes = daemons.Select(d => For(d.Verdict)).ToHashSet();
        return codes.Count == 0 ? NotRunning : ((int[])[Unknown, Dead, NotRunning, Running]).First(codes.Contains);
    }
}
