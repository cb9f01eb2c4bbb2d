using System.Collections.Immutable;
using MonitorAspire.Supervision.Restarts;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>Restarts because of changed files.</summary>
internal sealed partial class DaemonActor
{
    private void WatchChanges(DaemonSpec spec)
    {
        _changes?.Dispose();
        _pendingChange = null;
        _changes = spec.RestartOnChange is { } rule && _launcher.CanAct
            ? new ChangeWatch(_parts.Time, rule, spec.Restart ?? _parts.Options.Restart, Path.GetFullPath(spec.WorkingDirectory ?? "."), what => Post(() => OnFilesChanged(what)))
            : null;
    }

    private void OnFilesChanged(string what)
    {
        _pendingChange = what;
        FollowChanges();
    }

    // A change during a start comes after its end: the process may have read the old files.
    private void FollowChanges()
    {
        if (_pendingChange is not { } what || _isHeld || _parts.IsEnding || _state.State is DaemonState.Starting or DaemonState.Stopping or DaemonState.Waiting)
        {
            return;
        }

        _pendingChange = null;
        if (_state.Instance is null)
        {
            Apply(new MachineEvent.FilesChanged(what));
            return;
        }

        if (_parts.Dependencies.WaitingFor(Spec) is { Count: > 0 } needed)
        {
            Keep($"it would have to wait for {string.Join(", ", needed)}");
            return;
        }

        var (spec, number) = (Spec, _state.Instance);
        _mailbox.Work("a check before a restart", async () =>
        {
            var refusal = await CheckStartAsync(spec, ImmutableHashSet<int>.Empty, _mailbox.Ending).ConfigureAwait(false);
            Post(() =>
            {
                if (refusal is not null)
                {
                    Keep(refusal.Detail);
                }
                else if (_state.Instance == number && !_parts.IsEnding)
                {
                    Apply(new MachineEvent.FilesChanged(what));
                }
            });
        });

        void Keep(string? why)
        {
            var kept = $"not restarted, although {what}; the instance that serves is kept: {why}";
            LogRefused(_parts.Logger, Spec.Name, kept);
            _parts.Events.Add(FleetEventKind.StateChanged, _snapshot, message: kept);
        }
    }
}
