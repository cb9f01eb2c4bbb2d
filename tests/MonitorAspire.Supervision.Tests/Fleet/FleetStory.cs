using System.Globalization;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;

namespace MonitorAspire.Supervision.Tests.Fleet;

/// <summary>
/// Reads the events of a fleet as they come and notes whatever cannot have happened like that. It keeps no events, so that it can
/// read for hours.
/// </summary>
internal sealed class FleetStory
{
    private static readonly DaemonState[] Down = [DaemonState.Backoff, DaemonState.CrashLooping, DaemonState.Failed, DaemonState.Foreign];

    /// <summary>What may follow on a state. A start is never of a daemon that may still live, and nothing runs that was not started or adopted.</summary>
    private static readonly Dictionary<DaemonState, DaemonState[]> Next = new()
    {
        [DaemonState.Stopped] = [DaemonState.Starting, DaemonState.Stopping, DaemonState.Running],
        [DaemonState.Starting] = [DaemonState.Running, DaemonState.Stopping, DaemonState.Stopped, .. Down],
        [DaemonState.Running] = [DaemonState.Unhealthy, DaemonState.Stopping, DaemonState.Starting, .. Down],
        [DaemonState.Unhealthy] = [DaemonState.Running, DaemonState.Stopping, DaemonState.Starting, .. Down],
        [DaemonState.Stopping] = [DaemonState.Stopped, DaemonState.Starting, .. Down],
        [DaemonState.Backoff] = [DaemonState.Starting, DaemonState.Stopping],
        [DaemonState.CrashLooping] = [DaemonState.Starting, DaemonState.Stopping],
        [DaemonState.Failed] = [DaemonState.Starting, DaemonState.Stopping],
        [DaemonState.Foreign] = [DaemonState.Starting, DaemonState.Stopping],
    };

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Life> _lives = [];
    private readonly List<string> _violations = [];
    private long _last;
    private int _verified;
    private int _failed;
    private int _exits;
    private int _alerts;

    /// <summary>Id of the last event that was read.</summary>
    public long LastId
    {
        get
        {
            lock (_lock)
            {
                return _last;
            }
        }
    }

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
            if (!_lives.TryGetValue(happened.Daemon.Name, out var life))
            {
                _lives[happened.Daemon.Name] = life = new Life();
            }

            Follow(life, happened);
        }
    }

    /// <summary>Nothing impossible was seen, and no alert is open.</summary>
    public void AssertSound()
    {
        lock (_lock)
        {
            Assert.Empty(_violations);
            Assert.Empty(_lives.SelectMany(l => l.Value.Open.Keys.Select(kind => $"{l.Key}: {kind} was never resolved")));
        }
    }

    public override string ToString()
    {
        lock (_lock)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{_last} events, {_verified} verified starts, {_failed} failed starts, {_exits} exits, {_lives.Values.Sum(l => l.Restarts)} restarts, {_alerts} alerts");
        }
    }

    private void Follow(Life life, FleetEvent happened)
    {
        var daemon = happened.Daemon;
        Expect(daemon.Restarts >= life.Restarts, happened, $"has {daemon.Restarts} restarts after {life.Restarts}");
        life.Restarts = daemon.Restarts;
        switch (happened.Kind)
        {
            case FleetEventKind.StartVerified or FleetEventKind.Adopted:
                _verified += happened.Kind == FleetEventKind.StartVerified ? 1 : 0;
                Expect(life.Pid is null, happened, $"PID {daemon.Pid} although nobody has seen the end of PID {life.Pid}");
                Expect(daemon is { State: DaemonState.Running, Pid: not null }, happened, $"in state {daemon.State} with PID {daemon.Pid}");
                life.Pid = daemon.Pid;
                break;
            case FleetEventKind.StartFailed:
                _failed++;
                break;
            case FleetEventKind.Exited:
                _exits++;
                Expect(life.Pid is not null, happened, "although nothing ran");
                life.Pid = null;
                break;
            case FleetEventKind.StateChanged when daemon.State != life.State:
                Expect(Next[life.State].Contains(daemon.State), happened, $"from {life.State} to {daemon.State}");
                Expect(daemon.State != DaemonState.Starting || life.Pid is null, happened, $"a start although nobody has seen the end of PID {life.Pid}");
                life.State = daemon.State;
                life.Pid = daemon.State == DaemonState.Stopping ? null : life.Pid;
                break;
            case FleetEventKind.AlertFired:
                _alerts++;
                Expect(life.Open.TryAdd(happened.Alert!.Kind, happened.Alert.FiredAt), happened, $"{happened.Alert!.Kind} fired twice");
                Expect(happened.Alert is { State: AlertState.Fired, ResolvedAt: null }, happened, "fired and yet resolved");
                break;
            case FleetEventKind.AlertResolved:
                Expect(life.Open.Remove(happened.Alert!.Kind, out var firedAt), happened, $"{happened.Alert!.Kind} resolved, and it had not fired");
                Expect(happened.Alert is { State: AlertState.Resolved, ResolvedAt: not null } && happened.Alert.FiredAt == firedAt, happened, "resolved as another one");
                break;
        }
    }

    private void Expect(bool holds, FleetEvent happened, string otherwise)
    {
        // The first few say what is wrong; the rest follows from them.
        if (!holds && _violations.Count < 20)
        {
            _violations.Add($"{happened.Id} {happened.Daemon.Name} {happened.Kind} ({happened.Message}): {otherwise}");
        }
    }

    private sealed class Life
    {
        public DaemonState State { get; set; } = DaemonState.Stopped;

        public int Restarts { get; set; }

        /// <summary>The instance that runs as far as the events tell.</summary>
        public int? Pid { get; set; }

        public Dictionary<AlertKind, DateTimeOffset> Open { get; } = [];
    }
}
