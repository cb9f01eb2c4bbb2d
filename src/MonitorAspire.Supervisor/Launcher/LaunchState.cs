using MonitorAspire.Supervision.Launcher;

namespace MonitorAspire.Supervisor.Launcher;

internal sealed class LaunchState
{
    private readonly Lock _lock = new();
    private LauncherReport? _report;
    private TaskCompletionSource _changed = NewSource();
    private bool _expected = true;
    private int? _lastPid;

    /// <summary>The launch that the supervisor verifies or watches.</summary>
    internal LauncherReport? Taken { get; set; }

    /// <summary>The supervisor has asked for a launch. Reports before it are about the last launch.</summary>
    internal void ExpectLaunch()
    {
        lock (_lock)
        {
            _expected = true;
            _report = null;
        }
    }

    /// <summary>Keeps a report. Returns whether it is about a launch that the supervisor did not ask for.</summary>
    internal bool Report(LauncherReport report)
    {
        TaskCompletionSource changed;
        bool unasked;
        lock (_lock)
        {
            var isNew = report is { State: LauncherState.Running, Pid: { } pid } && pid != _lastPid;
            unasked = isNew && !_expected;
            if (isNew)
            {
                _lastPid = report.Pid;
                _expected = false;

                // Nothing waited for the launch of an adopted instance. The first launch that is reported is its own.
                Taken ??= report;
            }

            _report = report;
            changed = _changed;
            _changed = NewSource();
        }

        changed.TrySetResult();
        return unasked;
    }

    /// <summary>Waits for a report that meets the condition, which gets <see langword="null"/> while there is none.</summary>
    internal async Task<LauncherReport?> WaitAsync(Func<LauncherReport?, bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (condition(_report))
                {
                    return _report;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
