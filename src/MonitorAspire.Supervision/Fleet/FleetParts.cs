using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>What all daemons of a fleet share.</summary>
internal sealed class FleetParts(
    IDaemonEngine engine,
    FleetOptions options,
    ILogger logger,
    TimeProvider time,
    IAttachedDaemonController? controller,
    AlertWebhook? webhook,
    Random? random,
    Action<Action>? schedule = null) : IDisposable
{
    private static readonly TimeSpan ProbeGrid = TimeSpan.FromMilliseconds(200);

    private readonly Lock _randomLock = new();
    private readonly long _origin = time.GetTimestamp();
    private volatile FleetOptions _options = options;
    private volatile bool _isEnding;

    public IDaemonEngine Engine { get; } = engine;

    /// <summary>The options as they are now. A new configuration may change them.</summary>
    public FleetOptions Options { get => _options; set => _options = value; }

    public ILogger Logger { get; } = logger;

    /// <summary>Why daemons cannot be probed.</summary>
    public OwnTrouble OwnTrouble { get; } = new(logger);

    public TimeProvider Time { get; } = time;

    /// <summary>The clock that the probes of all daemons share.</summary>
    public ProbeClock ProbeTime { get; } = new(time, ProbeGrid);

    public IAttachedDaemonController? Controller { get; } = controller;

    public AlertWebhook? Webhook { get; } = webhook;

    /// <summary>Which daemons wait for which others. The fleet that the daemons belong to sets it.</summary>
    public Dependencies Dependencies { get; set; } = Dependencies.None;

    /// <summary>The daemons that a person has stopped.</summary>
    public StopMemory Stops { get; init; } = options.StopFile is { } file ? new StopFile(file, logger).Open() : StopMemory.None;

    public FleetEventLog Events { get; } = new(time);

    /// <summary>Puts work on a thread: on one of the thread pool, unless the owner of the fleet has its own way.</summary>
    public Action<Action> Schedule { get; } = schedule ?? (static work => ThreadPool.UnsafeQueueUserWorkItem(static w => w(), work, preferLocal: false));

    /// <summary>
    /// How callers continue after an answer: on a thread of the thread pool, so that they hold up no message. An owner with its own threads
    /// gets all continuations on them.
    /// </summary>
    public TaskCreationOptions Continuations { get; } = schedule is null ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None;

    /// <summary>Runs work on the calling thread, unless the owner of the fleet has its own way.</summary>
    public Action<Action> RunHere { get; } = schedule ?? (static work => work());

    /// <summary>Cancelled when stops have no time left: what remains is killed.</summary>
    public CancellationTokenSource OutOfTime { get; } = new();

    /// <summary>Whether the supervision ends. The stops have an order then, which a restart because of a dependency or of a file would break.</summary>
    public bool IsEnding { get => _isEnding; set => _isEnding = value; }

    /// <summary>Time on the monotonic clock since the fleet was made.</summary>
    public TimeSpan Now => Time.GetElapsedTime(_origin);

    /// <summary>How a daemon is probed: its own limits, and the fleet's where it has none.</summary>
    public ProbePolicy ProbeOf(DaemonSpec spec) => Options.Probe.With(spec.Health.Liveness);

    /// <summary>The one place that decides who launches a daemon.</summary>
    public ILauncher LauncherOf(DaemonSpec spec) => spec.Launch == LaunchMode.Attached ? new AttachedLauncher(this) : new OwnLauncher(Engine);

    /// <summary>Waits. Unlike <see cref="Task.Delay(TimeSpan, TimeProvider, CancellationToken)"/>, a cancelled wait goes on where <see cref="Continuations"/> says.</summary>
    public async Task DelayAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource(Continuations);
        using var timer = Time.CreateTimer(_ => ended.TrySetResult(), null, delay, Timeout.InfiniteTimeSpan);
        using var cancelled = cancellationToken.UnsafeRegister(_ => ended.TrySetCanceled(cancellationToken), null);
        await ended.Task.ConfigureAwait(false);
    }

    public double NextRandom()
    {
        // A random number generator with a seed is not safe for several threads.
        lock (_randomLock)
        {
#pragma warning disable RS0030 // Tests inject a random number generator with a seed.
            return (random ?? Random.Shared).NextDouble();
#pragma warning restore RS0030
        }
    }

    public void Dispose() => OutOfTime.Dispose();
}
