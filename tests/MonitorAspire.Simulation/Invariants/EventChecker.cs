using System.Globalization;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;

namespace MonitorAspire.Simulation.Invariants;

/// <summary>
/// Reads the events of a fleet and notes every sequence that is impossible. It keeps no events, so that it can read for hours.
/// </summary>
internal sealed class EventChecker
{
    private static readonly DaemonState[] Down = [DaemonState.Backoff, DaemonState.CrashLooping, DaemonState.Failed, DaemonState.Foreign];

    /// <summary>The states that may follow a state. A daemon that may still live is never started, and nothing runs without a start or an adoption.</summary>
    private static readonly Dictionary<DaemonState, DaemonState[]> Next = new()
    {
        [DaemonState.Stopped] = [DaemonState.Waiting, DaemonState.Starting, DaemonState.Stopping, DaemonState.Running, DaemonState.Unhealthy],
        [DaemonState.Waiting] = [DaemonState.Starting, DaemonState.Stopping, DaemonState.Running, DaemonState.Unhealthy],
        [DaemonState.Starting] = [DaemonState.Running, DaemonState.Stopping, DaemonState.Stopped, DaemonState.Waiting, .. Down],
        [DaemonState.Running] = [DaemonState.Unhealthy, DaemonState.Stopping, DaemonState.Starting, DaemonState.Waiting, .. Down],
        [DaemonState.Unhealthy] = [DaemonState.Running, DaemonState.Stopping, DaemonState.Starting, DaemonState.Waiting, .. Down],
        [DaemonState.Stopping] = [DaemonState.Stopped, DaemonState.Starting, DaemonState.Waiting, .. Down],
        [DaemonState.Backoff] = [DaemonState.Starting, DaemonState.Stopping, DaemonState.Waiting],
        [DaemonState.CrashLooping] = [DaemonState.Starting, DaemonState.Stopping, DaemonState.Waiting],
        [DaemonState.Failed] = [DaemonState.Starting, DaemonState.Stopping, DaemonState.Waiting],
        [DaemonState.Foreign] = [DaemonState.Starting, DaemonState.Stopping, DaemonState.Waiting],
    };

    private readonly Lock _lock = new();
    private readonly Dictionary<string, DaemonHistory> _histories = [];
    private readonly List<string> _violations = [];
    private long _last;
    private int _verified;
    private int _failed;
    private int _exits;
    private int _alerts;

    public int Alerts
    {
        get
        {
            lock (_lock)
            {
                return _alerts;
            }
        }
    }

    public void Add(FleetEvent happened)
    {
        lock (_lock)
        {
            Expect(happened.Id == _last + 1, happened, $"is number {happened.Id} after number {_last}");
            _last = happened.Id;
            if (!_histories.TryGetValue(happened.Daemon.Name, out var history) || happened.Kind == FleetEventKind.Added)
            {
                _histories[happened.Daemon.Name] = history = new DaemonHistory();
            }

            Follow(history, happened);
        }
    }

    /// <summary>The first impossible sequence that was seen, or <see langword="null"/>.</summary>
    public string? FirstViolation
    {
        get
        {
            lock (_lock)
            {
                return _violations is [var first, ..] ? first : null;
            }
        }
    }

    /// <summary>The impossible sequences that were seen, the first twenty.</summary>
    public IReadOnlyList<string> Violations
    {
        get
        {
            lock (_lock)
            {
                return [.. _violations];
            }
        }
    }

    /// <summary>Alerts that were fired and not resolved.</summary>
    public IReadOnlyList<string> OpenAlerts
    {
        get
        {
            lock (_lock)
            {
                return [.. _histories.SelectMany(l => l.Value.Open.Keys.Select(kind => $"{l.Key}: {kind} was never resolved"))];
            }
        }
    }

    public override string ToString()
    {
        lock (_lock)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{_last} events, {_verified} verified starts, {_failed} failed starts, {_exits} exits, {_histories.Values.Sum(h => h.Restarts)} restarts, {_alerts} alerts");
        }
    }

    private void Follow(DaemonHistory history, FleetEvent happened)
    {
        var daemon = happened.Daemon;
        Expect(daemon.Restarts >= history.Restarts, happened, $"has {daemon.Restarts} restarts after {history.Restarts}");
        history.Restarts = daemon.Restarts;
        switch (happened.Kind)
        {
            case FleetEventKind.StartVerified or FleetEventKind.Adopted:
                _verified += happened.Kind == FleetEventKind.StartVerified ? 1 : 0;
                Expect(history.Pid is null, happened, $"PID {daemon.Pid} before the end of PID {history.Pid}");
                Expect(daemon.Pid is not null && (daemon.State == DaemonState.Running || (daemon.State == DaemonState.Unhealthy && happened.Kind == FleetEventKind.Adopted)), happened, $"in state {daemon.State} with PID {daemon.Pid}");
                history.Pid = daemon.Pid;
                break;
            case FleetEventKind.StartFailed:
                _failed++;
                break;
            case FleetEventKind.Exited:
                _exits++;
                Expect(history.Pid is not null, happened, "although nothing ran");
                history.Pid = null;
                break;
            case FleetEventKind.StateChanged when daemon.State != history.State:
                Expect(Next[history.State].Contains(daemon.State), happened, $"from {history.State} to {daemon.State}");
                Expect(daemon.State != DaemonState.Starting || history.Pid is null, happened, $"a start before the end of PID {history.Pid}");
                history.State = daemon.State;
                history.Pid = daemon.State == DaemonState.Stopping ? null : history.Pid;
                break;
            case FleetEventKind.AlertFired:
                _alerts++;
                Expect(history.Open.TryAdd(happened.Alert!.Kind, happened.Alert.FiredAt), happened, $"{happened.Alert!.Kind} fired twice");
                Expect(happened.Alert is { State: AlertState.Fired, ResolvedAt: null }, happened, "fired and resolved at once");
                break;
            case FleetEventKind.AlertResolved:
                Expect(history.Open.Remove(happened.Alert!.Kind, out var firedAt), happened, $"{happened.Alert!.Kind} resolved without having fired");
                Expect(happened.Alert is { State: AlertState.Resolved, ResolvedAt: not null } && happened.Alert.FiredAt == firedAt, happened, "resolved as another one");
                break;
        }
    }

    private void Expect(bool holds, FleetEvent happened, string otherwise)
    {
        // The first few are enough.
        if (!holds && _violations.Count < 20)
        {
            _violations.Add($"{happened.Id} {happened.Daemon.Name} {happened.Kind} ({happened.Message}): {otherwise}");
        }
    }

    private sealed class DaemonHistory
    {
        public DaemonState State { get; set; } = DaemonState.Stopped;

        public int Restarts { get; set; }

        /// <summary>The instance that runs according to the events.</summary>
        public int? Pid { get; set; }

        public Dictionary<AlertKind, DateTimeOffset> Open { get; } = [];
    }
}
