using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;

namespace MonitorAspire.Supervision.Tests.Fleet;

/// <summary>A fleet on a scripted machine and a clock that only the test moves.</summary>
internal sealed class FleetBench : IAsyncDisposable
{
    private readonly CancellationTokenSource _watching = new();
    private readonly Task _watcher;
    private readonly List<FleetEvent> _events = [];
    private readonly HashSet<string> _attached;
    private readonly FleetStory? _story;
    private long _lastSeen;

    public FleetBench(IReadOnlyList<DaemonSpec> specs, FleetOptions? options = null, IAttachedDaemonController? controller = null, AlertWebhook? webhook = null, Action<ScriptedEngine>? before = null, int seed = 1, FleetStory? story = null)
    {
        Engine = new ScriptedEngine(Time);
        _attached = [.. specs.Where(s => s.Launch == LaunchMode.Attached).Select(s => s.Name)];
        _story = story;
        before?.Invoke(Engine);
        Fleet = new FleetSupervisor(Engine, specs, options ?? Options, NullLogger<FleetSupervisor>.Instance, Time, controller, webhook, new Random(seed));
        var events = Fleet.WatchAsync(0, _watching.Token);
        _watcher = Task.Run(async () =>
        {
            // A loaded machine may let it fall too far behind: it takes up again where it was, as every reader should.
            for (long seen = 0; !_watching.IsCancellationRequested; events = Fleet.WatchAsync(seen, _watching.Token))
            {
                await foreach (var happened in events)
                {
                    seen = happened.Id;
                    Read(happened);
                }
            }
        });
    }

    // Jitter off: delays are then exactly what the policy says.
    public static FleetOptions Options { get; } = new() { StateDirectory = "/nowhere", Restart = new RestartPolicy { Jitter = 0 } };

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public ScriptedEngine Engine { get; }

    public FleetSupervisor Fleet { get; }

    public DaemonSnapshot this[string name] => Fleet.Find(name) ?? throw new InvalidOperationException($"no {name}");

    public static DaemonSpec Spec(string name, int port) => new() { Name = name, Port = port, Command = "scripted" };

    public static DaemonSpec[] Specs(int count) => [.. Enumerable.Range(0, count).Select(i => Spec($"d{i}", 9000 + i))];

    public IReadOnlyList<FleetEvent> Events(string? name = null)
    {
        lock (_events)
        {
            return [.. _events.Where(e => name is null || e.Daemon.Name == name)];
        }
    }

    public int Count(FleetEventKind kind, AlertKind? alert = null) => Events().Count(e => e.Kind == kind && (alert is null || e.Alert?.Kind == alert));

    public async Task<FleetBench> BeginAsync()
    {
        await Fleet.BeginAsync();
        await EventuallyAsync(() => Fleet.Daemons.All(HasVerdict));
        await Fleet.SettleAsync();
        return this;
    }

    private void Read(FleetEvent happened)
    {
        if (_story is not null)
        {
            _story.Add(happened);
        }
        else
        {
            lock (_events)
            {
                _events.Add(happened);
            }
        }

        Interlocked.Exchange(ref _lastSeen, happened.Id);
    }

    // Without the clock: what needs it to move has no verdict yet.
    private bool HasVerdict(DaemonSnapshot daemon)
    {
        var scripted = Engine[daemon.Port];
        return scripted.StartTakes > TimeSpan.Zero
            || scripted.Sick
            || _attached.Contains(daemon.Name)
            || daemon.State is not (DaemonState.Stopped or DaemonState.Starting);
    }

    public Task SettleAsync() => Fleet.SettleAsync();

    public async Task AdvanceAsync(double seconds, double step = 0.1)
    {
        for (var left = seconds; left > 1e-9; left -= step)
        {
            Time.Advance(TimeSpan.FromSeconds(Math.Min(step, left)));
            await Fleet.SettleAsync();
        }
    }

    public async Task UntilAsync(Func<bool> condition, double step = 0.1, double limit = 3600)
    {
        for (var passed = 0.0; !condition(); passed += step)
        {
            Assert.True(passed <= limit, $"not within {limit} simulated seconds: {string.Join(", ", Fleet.Daemons.Select(d => $"{d.Name} {d.State}"))}");
            await AdvanceAsync(step, step);
        }
    }

    /// <summary>Waits until all events so far were read.</summary>
    public Task AllEventsAsync() => EventuallyAsync(() => Interlocked.Read(ref _lastSeen) == Fleet.LastEventId);

    /// <summary>The events are read on a thread of their own.</summary>
    public static async Task EventuallyAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            await Task.Delay(5, limit.Token);
        }
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
        await _watching.CancelAsync();
        await _watcher.ContinueWith(_ => { }, TaskScheduler.Default);
        _watching.Dispose();
        Assert.Empty(Engine.Violations);
    }
}
