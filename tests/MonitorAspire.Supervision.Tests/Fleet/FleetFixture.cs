using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Supervision.Tests.Fleet;

/// <summary>
/// A fleet on a scripted engine and a clock that only the test moves. All work of the fleet runs on the thread that causes it: when a
/// call of the test returns, everything that follows from it at this moment is done.
/// </summary>
internal sealed class FleetFixture : IAsyncDisposable
{
    private readonly List<FleetEvent> _events = [];
    private readonly Action<FleetEvent> _onEvent;
    private readonly InlineScheduler _scheduler = new();
    private readonly FleetParts _parts;
    private long _lastSeen;

    public FleetFixture(
        IReadOnlyList<DaemonSpec> specs,
        FleetOptions? options = null,
        IAttachedDaemonController? controller = null,
        AlertWebhook? webhook = null,
        Action<ScriptedEngine>? before = null,
        int seed = 1,
        Action<FleetEvent>? onEvent = null)
    {
        // The test's own context would send continuations to other threads, which may still wait for a processor when the clock moves on.
        SynchronizationContext.SetSynchronizationContext(null);
        Engine = new ScriptedEngine(Time);
        _onEvent = onEvent ?? _events.Add;
        before?.Invoke(Engine);
        _parts = new FleetParts(Engine, options ?? Options, new LineLogger(Log), Time, controller, webhook, new Random(seed), _scheduler.Run);
        Fleet = new FleetSupervisor(_parts, specs);
    }

    // Without jitter, delays are exactly what the policy says.
    public static FleetOptions Options { get; } = new() { StateDirectory = "/nowhere", Restart = new RestartPolicy { Jitter = 0 } };

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public ScriptedEngine Engine { get; }

    public FleetSupervisor Fleet { get; }

    /// <summary>The log, from level Information on.</summary>
    public List<string> Log { get; } = [];

    public DaemonSnapshot this[string name] => Fleet.Find(name) ?? throw new InvalidOperationException($"no {name}");

    public static DaemonSpec Spec(string name, int port) => new() { Name = name, Port = port, Command = "scripted" };

    public static DaemonSpec[] Specs(int count) => [.. Enumerable.Range(0, count).Select(i => Spec($"d{i}", 9000 + i))];

    /// <summary>All events up to now, of one daemon or of all.</summary>
    public async Task<IReadOnlyList<FleetEvent>> EventsAsync(string? name = null)
    {
        await ReadEventsAsync();
        return [.. _events.Where(e => name is null || e.Daemon.Name == name)];
    }

    public async Task<int> CountAsync(FleetEventKind kind, AlertKind? alert = null) =>
        (await EventsAsync()).Count(e => e.Kind == kind && (alert is null || e.Alert?.Kind == alert));

    public async Task<FleetFixture> BeginAsync()
    {
        await Fleet.BeginAsync();
        return this;
    }

    /// <summary>Moves the clock in steps.</summary>
    public async Task AdvanceAsync(double seconds, double step = 0.1)
    {
        for (var left = seconds; left > 1e-9; left -= step)
        {
            Time.Advance(TimeSpan.FromSeconds(Math.Min(step, left)));
            await ReadEventsAsync();
        }
    }

    /// <summary>Moves the clock until a condition holds.</summary>
    public async Task UntilAsync(Func<bool> condition, double step = 0.1, double limit = 3600)
    {
        for (var passed = 0.0; !condition(); passed += step)
        {
            Assert.True(passed <= limit, $"not within {limit} simulated seconds: {string.Join(", ", Fleet.Daemons.Select(d => $"{d.Name} {d.State}"))}");
            await AdvanceAsync(step, step);
        }

        await ReadEventsAsync();
    }

    /// <summary>The log keeps a thousand events: read often enough, none is missed.</summary>
    public async Task ReadEventsAsync()
    {
        using var upToNow = new CancellationTokenSource();
        await using var events = Fleet.WatchAsync(_lastSeen, upToNow.Token).GetAsyncEnumerator(CancellationToken.None);
        Task<bool> next;
        for (next = events.MoveNextAsync().AsTask(); next.IsCompletedSuccessfully && await next; next = events.MoveNextAsync().AsTask())
        {
            _lastSeen = events.Current.Id;
            _onEvent(events.Current);
        }

        await upToNow.CancelAsync();
        await next.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    public async ValueTask DisposeAsync()
    {
        // Stops that take scripted time end only when the clock moves.
        var ending = Fleet.EndAsync();
        while (!ending.IsCompleted)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(ending, Task.Delay(1));
        }

        await ending;
        await Fleet.DisposeAsync();
        Assert.Empty(Engine.Violations);
    }

    /// <summary>Runs work on the calling thread, one after the other. Work that is added meanwhile waits for its turn.</summary>
    private sealed class InlineScheduler
    {
        private readonly Queue<Action> _work = new();
        private bool _running;

        public void Run(Action work)
        {
            lock (_work)
            {
                _work.Enqueue(work);
                if (_running)
                {
                    return;
                }

                _running = true;
            }

            // A context would move continuations to another thread.
            var context = SynchronizationContext.Current;
            SynchronizationContext.SetSynchronizationContext(null);
            while (Next() is { } next)
            {
                next();
            }

            SynchronizationContext.SetSynchronizationContext(context);
        }

        private Action? Next()
        {
            lock (_work)
            {
                _running = _work.TryDequeue(out var next);
                return next;
            }
        }
    }

    internal sealed class LineLogger(List<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (lines)
            {
                lines.Add($"{logLevel} {formatter(state, exception)}");
            }
        }
    }
}
