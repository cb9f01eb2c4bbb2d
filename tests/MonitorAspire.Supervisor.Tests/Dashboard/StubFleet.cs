using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervisor.Tests.Dashboard;

/// <summary>A fleet whose daemons the test sets.</summary>
internal sealed class StubFleet(params DaemonSnapshot[] daemons) : IFleet
{
    private readonly List<Channel<FleetEvent>> _watchers = [];
    private ImmutableList<DaemonSnapshot> _daemons = [.. daemons];
    private long _lastId;

    public IReadOnlyList<DaemonSnapshot> Daemons => _daemons;

    /// <summary>The actions, as in <c>restart monitor-1</c>.</summary>
    public List<string> Asked { get; } = [];

    public Func<string, StartupReport> OnStart { get; set; } = _ => throw new FleetConflictException("not now");

    public Func<string, StopReport> OnStop { get; set; } = _ => throw new FleetConflictException("not now");

    public Func<string, DaemonSnapshot> OnReset { get; set; } = _ => throw new FleetConflictException("not now");

    public DaemonSnapshot? Find(string name) => _daemons.Find(d => string.Equals(d.Name, name, StringComparison.OrdinalIgnoreCase));

    public void Set(DaemonSnapshot daemon)
    {
        _daemons = Find(daemon.Name) is { } before ? _daemons.Replace(before, daemon) : _daemons.Add(daemon);
        var happened = new FleetEvent { Id = ++_lastId, At = DateTimeOffset.UtcNow, Kind = FleetEventKind.StateChanged, Daemon = daemon };
        lock (_watchers)
        {
            _watchers.ForEach(w => w.Writer.TryWrite(happened));
        }
    }

    public void Remove(string name) => _daemons = _daemons.Remove(Find(name)!);

    public Task<StartupReport> StartAsync(string name, CancellationToken cancellationToken) => Ask("start", name, OnStart);

    public Task<StopReport> StopAsync(string name, CancellationToken cancellationToken) => Ask("stop", name, OnStop);

    public Task<StartupReport> RestartAsync(string name, CancellationToken cancellationToken) => Ask("restart", name, OnStart);

    public Task<DaemonSnapshot> ResetCrashLoopAsync(string name, CancellationToken cancellationToken) => Ask("reset", name, OnReset);

    public async IAsyncEnumerable<FleetEvent> WatchAsync(long? afterId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateUnbounded<FleetEvent>();
        lock (_watchers)
        {
            _watchers.Add(channel);
        }

        await foreach (var happened in channel.Reader.ReadAllAsync(cancellationToken))
        {
            yield return happened;
        }
    }

    private Task<T> Ask<T>(string what, string name, Func<string, T> answer)
    {
        Asked.Add($"{what} {name}");
        return Task.FromResult(answer(name));
    }
}
