using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>What all the daemons of a fleet share.</summary>
internal sealed class FleetParts : IDisposable
{
    private readonly long _origin;
    private readonly Random? _random;
    private volatile FleetOptions _options;

    public FleetParts(
        IDaemonEngine engine,
        FleetOptions options,
        ILogger logger,
        TimeProvider time,
        IAttachedDaemonController? controller,
        AlertWebhook? webhook,
        Random? random)
    {
        Engine = engine;
        _options = options;
        Logger = logger;
        Time = time;
        Controller = controller;
        Webhook = webhook;
        Events = new FleetEventLog(time);
        Verification = new InstanceVerification(engine, time);
        StartSlots = new SemaphoreSlim(options.MaxParallelStarts);
        _random = random;
        _origin = time.GetTimestamp();
    }

    public IDaemonEngine Engine { get; }

    /// <summary>As they are now: a new configuration may bring others.</summary>
    public FleetOptions Options { get => _options; set => _options = value; }

    public ILogger Logger { get; }

    public TimeProvider Time { get; }

    public IAttachedDaemonController? Controller { get; }

    public AlertWebhook? Webhook { get; }

    public FleetEventLog Events { get; }

    public InstanceVerification Verification { get; }

    /// <summary>Starts take processors and disks: more of them at once are slower, not faster.</summary>
    public SemaphoreSlim StartSlots { get; }

    /// <summary>Cancelled when stops have no time left: what remains is killed.</summary>
    public CancellationTokenSource OutOfTime { get; } = new();

    /// <summary>Time on the monotonic clock since the fleet was made.</summary>
    public TimeSpan Now => Time.GetElapsedTime(_origin);

    public double NextRandom()
    {
        if (_random is null)
        {
            return Random.Shared.NextDouble();
        }

        // A random number generator with a seed is not safe for several threads.
        lock (_random)
        {
            return _random.NextDouble();
        }
    }

    public void Dispose()
    {
        StartSlots.Dispose();
        OutOfTime.Dispose();
    }
}
