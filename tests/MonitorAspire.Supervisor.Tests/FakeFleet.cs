using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervisor.Fleet;

namespace MonitorAspire.Supervisor.Tests;

/// <summary>A fleet in memory, without processes and ports. The test sets its answers.</summary>
internal sealed class FakeFleet : IFleet, IFleetControl
{
    private readonly Lock _lock = new();
    private readonly List<FleetEvent> _events = [];
    private readonly List<Channel<FleetEvent>> _readers = [];
    private readonly List<DaemonSnapshot> _daemons = [];

    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>The exception that actions throw.</summary>
    public Exception? Throws { get; set; }

    /// <summary>The verdict of the next start.</summary>
    public StartupVerdict Verdict { get; set; } = StartupVerdict.Verified;

    /// <summary>How the end of the fleet behaves.</summary>
    public Func<Task> Stop { get; set; } = static () => Task.CompletedTask;

    public IFleet Fleet => this;

    public IReadOnlyList<DaemonSnapshot> Daemons
    {
        get
        {
            lock (_lock)
            {
                return [.. _daemons];
            }
        }
    }

    public void Add(DaemonSnapshot daemon)
    {
        lock (_lock)
        {
            _daemons.RemoveAll(d => d.Name == daemon.Name);
            _daemons.Add(daemon);
        }
    }

    public FleetEvent Raise(FleetEventKind kind, string name, StartupReport? report = null, string? message = null)
    {
        lock (_lock)
        {
            var happened = new FleetEvent
            {
                Id = _events.Count + 1,
                At = DateTimeOffset.UtcNow,
                Kind = kind,
                Daemon = _daemons.Single(d => d.Name == name),
                Report = report,
                Message = message,
            };
            _events.Add(happened);
            _readers.ForEach(r => r.Writer.TryWrite(happened));
            return happened;
        }
    }

    public DaemonSnapshot? Find(string name) => Daemons.FirstOrDefault(d => d.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    public Task<StartupReport> StartAsync(string name, CancellationToken cancellationToken) => Act("start", name, Report);

    public Task<StartupReport> RestartAsync(string name, CancellationToken cancellationToken) => Act("restart", name, Report);

    public Task<StopReport> StopAsync(string name, CancellationToken cancellationToken)
        => Act("stop", name, d => new StopReport { Name = d.Name, Port = d.Port, Verdict = StopVerdict.Stopped, Pid = 4711 });

    public Task<DaemonSnapshot> ResetCrashLoopAsync(string name, CancellationToken cancellationToken) => Act("reset", name, d => d);

    public async IAsyncEnumerable<FleetEvent> WatchAsync(long? afterId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateUnbounded<FleetEvent>();
        lock (_lock)
        {
            foreach (var happened in afterId is null ? [] : _events.Where(e => e.Id > afterId))
            {
                channel.Writer.TryWrite(happened);
            }

            _readers.Add(channel);
        }

        await foreach (var happened in channel.Reader.ReadAllAsync(cancellationToken))
        {
            yield return happened;
        }
    }

    Task IFleetControl.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The answer to a change of the fleet; if set, nothing is changed.</summary>
    public FleetChange? Change { get; set; }

    /// <summary>The daemons of the last change.</summary>
    public IReadOnlyList<DaemonSpec> Specs { get; private set; } = [];

    Task<FleetChange> IFleetControl.ApplyAsync(IReadOnlyList<DaemonSpec> specs, FleetOptions? options, CancellationToken cancellationToken)
    {
        Calls.Enqueue($"apply {string.Join(' ', specs.Select(s => $"{s.Name}:{s.Port}"))}");
        if (Change is { } change)
        {
            return Task.FromResult(change);
        }

        lock (_lock)
        {
            var leaving = _daemons.Where(d => specs.All(s => s.Name != d.Name)).ToList();
            _daemons.RemoveAll(leaving.Contains);
            foreach (var spec in specs)
            {
                var index = _daemons.FindIndex(d => d.Name == spec.Name);
                if (index < 0)
                {
                    _daemons.Add(new DaemonSnapshot { Name = spec.Name, Host = spec.Host, Port = spec.Port, State = DaemonState.Starting });
                }
                else
                {
                    _daemons[index] = _daemons[index] with { Host = spec.Host, Port = spec.Port };
                }
            }

            Specs = specs;
            return Task.FromResult(new FleetChange
            {
                Stops = [.. leaving.Select(d => new StopReport { Name = d.Name, Port = d.Port, Verdict = StopVerdict.Stopped, Pid = d.Pid })],
            });
        }
    }

    Task IFleetControl.StopAsync(CancellationToken cancellationToken) => Stop();

    public StartupReport Report(DaemonSnapshot daemon) => new()
    {
        Name = daemon.Name,
        Host = daemon.Host,
        Port = daemon.Port,
        Verdict = Verdict,
        Reason = Verdict == StartupVerdict.Failed ? StartupReason.PortInUse : null,
        Stage = Verdict == StartupVerdict.Failed ? StartupStage.Preflight : null,
        TotalMs = 250,
    };

    private Task<T> Act<T>(string action, string name, Func<DaemonSnapshot, T> answer)
    {
        if (Throws is { } exception)
        {
            return Task.FromException<T>(exception);
        }

        var daemon = Find(name) ?? throw new KeyNotFoundException(name);
        Calls.Enqueue($"{action} {daemon.Name}");
        return Task.FromResult(answer(daemon));
    }
}
