using System.Globalization;

namespace MonitorAspire.Supervision.Restarts;

/// <summary>Causes of a restart beside exit and health: memory above its limit, and changed files.</summary>
internal sealed partial class DaemonMachine
{
    private const double Mebibyte = 1024 * 1024;

    /// <summary>Restarts a daemon whose memory is above its limit as many times in a row as failed probes are needed. It counts as a failure.</summary>
    private void OnMemory(MachineEvent.Probed probed)
    {
        if (settings.MemoryLimitBytes is not { } limit || probed.MemoryBytes is not { } bytes || bytes <= limit)
        {
            _state = _state with { MemoryExcesses = 0 };
            return;
        }

        // New instances are probed more often.
        if (_state.MemoryExcesses > 0 && now - _state.MemoryExcessAt < settings.Probe.Interval / 2)
        {
            return;
        }

        var (found, needed) = (_state.MemoryExcesses + 1, settings.Probe.Failures);
        _state = _state with { MemoryExcesses = found, MemoryExcessAt = now };
        var detail = string.Create(CultureInfo.InvariantCulture, $"its processes have {bytes / Mebibyte:0.#} MiB of memory, more than its limit of {limit / Mebibyte:0.#} MiB");
        if (found < needed)
        {
            (_reason, _isRepeated) = ($"{detail} (look {found} of {needed})", found > 1);
            return;
        }

        if (settings.Restart.Mode == RestartMode.Never || !settings.CanAct)
        {
            if (found == needed)
            {
                Do(new MachineAction.NoteFailure(StartupReason.MemoryLimit, Stage: null, detail, Exit: null));
                _reason = $"{detail}; not restarted, because {(settings.CanAct ? $"{nameof(settings.Restart)}:{nameof(settings.Restart.Mode)} is {settings.Restart.Mode}" : "this supervisor only watches it")}";
            }

            return;
        }

        Do(new MachineAction.NoteFailure(StartupReason.MemoryLimit, Stage: null, detail, Exit: null));
        LoseHealth();
        var delay = CountFailure();
        BeginStop(AfterStop.Recover);
        _state = _state with { RecoverDelay = delay };
        _reason = $"restarted, because {detail}";
    }

    /// <summary>Restarts a daemon that runs, and tries one that failed at once: the change may have fixed the cause. It is no failure.</summary>
    private void OnFilesChanged(MachineEvent.FilesChanged changed)
    {
        if (!_state.Wanted || !settings.CanAct)
        {
            return;
        }

        switch (_state.State)
        {
            case DaemonState.Running or DaemonState.Unhealthy:
                BeginStop(AfterStop.Restart);
                break;
            case DaemonState.Backoff or DaemonState.CrashLooping or DaemonState.Failed:
                BeginStart(isRestart: true);
                break;
            default:
                return;
        }

        _reason = $"restarted, because {changed.What}";
    }
}
