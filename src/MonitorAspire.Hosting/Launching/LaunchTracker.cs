using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Hosting.Dashboard;
using MonitorAspire.Supervision.Launcher;

namespace MonitorAspire.Hosting.Launching;

/// <summary>Turns the states that Aspire shows of one resource into reports for the supervisor. Not thread-safe.</summary>
internal sealed class LaunchTracker(string daemon)
{
    private const string PidProperty = "executable.pid";

    private LauncherReport? _last;

    internal string Daemon => daemon;
    private int? _endedPid;
    private bool _onPurpose;

    /// <summary>Gives a report if the snapshot has something new for the supervisor.</summary>
    internal LauncherReport? Observe(CustomResourceSnapshot snapshot)
    {
        var report = Translate(snapshot);
        return report is null || report == _last ? null : _last = report;
    }

    private LauncherReport? Translate(CustomResourceSnapshot snapshot)
    {
        var text = snapshot.State?.Text;
        var pid = Pid(snapshot);
        if (text == KnownResourceStates.Running)
        {
            // The state can come before the PID, and right after a launch the PID can still be that of the last process.
            if (pid is null || pid == _endedPid)
            {
                return null;
            }

            _onPurpose = false;
            return Report(LauncherState.Running) with { Pid = pid };
        }

        if (text == KnownResourceStates.Stopping || text == KnownResourceStates.Building)
        {
            _onPurpose = true;
            return Report(LauncherState.Stopping) with { Pid = pid ?? _last?.Pid, OnPurpose = true };
        }

        if (text == KnownResourceStates.FailedToStart)
        {
            return Report(LauncherState.Failed);
        }

        if (text is not null && (KnownResourceStates.TerminalStates.Contains(text) || text == "Terminated"))
        {
            // To start a resource again Aspire deletes the old one, which shows it as ended once more. A process that has ended at once may
            // never have had a PID here.
            var ended = pid ?? _last?.Pid;
            if (ended is null ? _last?.State != LauncherState.Waiting : ended == _endedPid)
            {
                return null;
            }

            _endedPid = ended;
            return Report(LauncherState.Ended) with { Pid = ended, ExitCode = snapshot.ExitCode, OnPurpose = _onPurpose };
        }

        // The supervisor waits to start the next process.
        return RetryState.Is(text) ? null : Report(LauncherState.Waiting);
    }

    private LauncherReport Report(LauncherState state) => new() { Daemon = daemon, State = state };

    private static int? Pid(CustomResourceSnapshot snapshot) => snapshot.Properties.FirstOrDefault(p => p.Name == PidProperty)?.Value switch
    {
        int pid and > 0 => pid,
        long pid and > 0 and <= int.MaxValue => (int)pid,
        string text when int.TryParse(text, out var pid) && pid > 0 => pid,
        _ => null,
    };
}
