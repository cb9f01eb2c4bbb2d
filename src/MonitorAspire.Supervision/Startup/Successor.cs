using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>Finds the process that an instance goes on with after its main process has handed over and ended.</summary>
internal static class Successor
{
    /// <summary>
    /// The successor, with PID file and record written for it; <see langword="null"/> where there is none. A process that a signal or an error
    /// ended did not hand over. Where it is not known how it ended, only a new master with workers of its own took over.
    /// </summary>
    internal static DaemonInstance? Find(IDaemonEngine engine, DaemonSpec spec, DaemonInstance ended, ProcessExit exit)
    {
        if (spec.Launch == LaunchMode.Attached || exit.Signal is not null || exit.ExitCode is not (null or 0)
            || engine.Attach(spec) is not { } next || next.Identity == ended.Identity || (exit == ProcessExit.Unknown && !next.HasWorkers))
        {
            return null;
        }

        _ = engine.RepairFiles(spec, next);
        return next;
    }
}
