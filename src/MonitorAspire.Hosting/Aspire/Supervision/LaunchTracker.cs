using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Hosting.Supervision;

/// <summary>Makes of the states that Aspire shows of one resource what the supervisor has to know. Not safe for several threads.</summary>
internal sealed class LaunchTracker
{
    private const string PidProperty = "executable.pid";

    private LauncherReport? _last;
    private int? _endedPid;
    private bool _onPurpose;

    /// <summary>Takes in a snapshot; gives a report where the supervisor has to know something new.</summary>
    internal LauncherReport? Observe(CustomResourceSnapshot snapshot)
    {
        var report = Translate(snapshot);
        if (report is null || Same(report, _last))
        {
            return null;
        }

        return _last = report;
    }

    private LauncherReport? Translate(CustomResourceSnapshot snapshot)
    {
        var text = snapshot.State?.Text;
        var pid = Pid(snapshot);
        if (text == KnownResourceStates.Running)
        {
            // The state can come before the PID; and right after a launch the PID can still be the last one's.
            if (pid is null || pid == _endedPid)
            {
                return null;
            }

            _onPurpose = false;
            return new LauncherReport { State = LauncherState.Running, Pid = pid };
        }

        if (text == KnownResourceStates.Stopping || text == KnownResourceStates.Building)
        {
            _onPurpose = true;
            return new LauncherReport { State = LauncherState.Stopping, Pid = pid ?? _last?.Pid, OnPurpose = true };
        }

        if (text == KnownResourceStates.FailedToStart)
        {
            return new LauncherReport { State = LauncherState.Failed };
        }

        if (text is not null && (KnownResourceStates.TerminalStates.Contains(text) || text == "Terminated"))
        {
            // To start a resource again Aspire deletes what it was, which shows it as ended once more.
            if ((pid ?? _last?.Pid) is not { } ended || ended == _endedPid)
            {
                return null;
            }

            _endedPid = ended;
            return new LauncherReport { State = LauncherState.Ended, Pid = ended, ExitCode = snapshot.ExitCode, OnPurpose = _onPurpose };
        }

        return new LauncherReport { State = LauncherState.Waiting };
    }

    private static bool Same(LauncherReport one, LauncherReport? other)
        => other is not null && (one.State, one.Pid, one.ExitCode, one.OnPurpose) == (other.State, other.Pid, other.ExitCode, other.OnPurpose);

    private static int? Pid(CustomResourceSnapshot snapshot) => snapshot.Properties.FirstOrDefault(p => p.Name == PidProperty)?.Value switch
    {
        int pid and > 0 => pid,
        long pid and > 0 and <= int.MaxValue => (int)pid,
        string text when int.TryParse(text, out var pid) && pid > 0 => pid,
        _ => null,
    };
}
