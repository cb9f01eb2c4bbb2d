using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// Looks after a fleet: adopts what lives, starts what does not, watches, restarts, alerts. One actor for each daemon; none of
/// them waits for another.
/// </summary>
public sealed partial class FleetSupervisor : IFleet, IAsyncDisposable
{
    private readonly FleetParts _parts;
    private readonly IDisposable _up;
    private readonly SemaphoreSlim _changing = new(1);
    private volatile ImmutableList<DaemonActor> _daemons = [];
    private bool _begun;
    private bool _ended;

    /// <summary>Makes the supervisor of a fleet. Nothing is touched before <see cref="BeginAsync"/>.</summary>
    /// <param name="engine">What starts, stops and inspects.</param>
    /// <param name="specs">The daemons, as <see cref="FleetTopology.Resolve"/> gives them.</param>
    /// <param name="options">Intervals, limits and the like.</param>
    /// <param name="logger">Where everything that happens is reported.</param>
    /// <param name="timeProvider">The clock. Default the system's.</param>
    /// <param name="controller">Who starts and stops attached daemons. Default nobody: they are watched, and that is all.</param>
    /// <param name="webhook">Where alerts are posted to. Default nowhere.</param>
    /// <param name="random">Jitter. Default the shared generator.</param>
    public FleetSupervisor(
        IDaemonEngine engine,
        IReadOnlyList<DaemonSpec> specs,
        FleetOptions options,
        ILogger<FleetSupervisor> logger,
        TimeProvider? timeProvider = null,
        IAttachedDaemonController? controller = null,
        AlertWebhook? webhook = null,
        Random? random = null)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(specs);
        ArgumentNullException.ThrowIfNull(options);
        _parts = new FleetParts(engine, options, logger, timeProvider ?? TimeProvider.System, controller, webhook, random);
        _daemons = [.. specs.Select((spec, i) => new DaemonActor(_parts, spec, Phase(i, specs.Count)))];
        _up = UpGauge.Register(MeasureUp);
        if (controller is not null)
        {
            controller.LaunchedUnasked += OnLaunchedUnasked;
        }
    }

    /// <inheritdoc />
    public IReadOnlyList<DaemonSnapshot> Daemons => [.. _daemons.Select(d => d.Current)];

    /// <inheritdoc />
    public DaemonSnapshot? Find(string name) => FindActor(name)?.Current;

    /// <summary>
    /// Begins: every proven living instance is adopted, and everything else is started, as many at once as the options allow.
    /// Returns without waiting for verdicts; they come as events.
    /// </summary>
    /// <param name="cancellationToken">Not used: there is nothing to wait for.</param>
    public Task BeginAsync(CancellationToken cancellationToken = default)
    {
        if (!_begun)
        {
            _begun = true;
            _daemons.ForEach(d => d.Begin());
        }

        return Task.CompletedTask;
    }

    /// <summary>
    /// Ends supervision: stops the daemons that this supervisor launches or adopted, all at once, or leaves them running where the
    /// options say so. Attached daemons are always left. A start that is under way is given up.
    /// </summary>
    /// <param name="cancellationToken">The time is up: what is left is killed at once.</param>
    public async Task EndAsync(CancellationToken cancellationToken = default)
    {
        await _changing.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (_ended)
            {
                return;
            }

            _ended = true;
            var outOfTime = cancellationToken.UnsafeRegister(static state => ((FleetParts)state!).OutOfTime.Cancel(), _parts);
            await using (outOfTime.ConfigureAwait(false))
            {
                await Task.WhenAll(_daemons.Select(EndAsync)).ConfigureAwait(false);
            }

            _parts.Events.Complete();
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <inheritdoc />
    public Task<StartupReport> StartAsync(string name, CancellationToken cancellationToken) => Actor(name).StartAsync().WaitAsync(cancellationToken);

    /// <inheritdoc />
    public Task<StopReport> StopAsync(string name, CancellationToken cancellationToken) => Actor(name).StopAsync().WaitAsync(cancellationToken);

    /// <inheritdoc />
    public Task<StartupReport> RestartAsync(string name, CancellationToken cancellationToken) => Actor(name).RestartAsync().WaitAsync(cancellationToken);

    /// <inheritdoc />
    public Task<DaemonSnapshot> ResetCrashLoopAsync(string name, CancellationToken cancellationToken) => Actor(name).ResetCrashLoopAsync().WaitAsync(cancellationToken);

    /// <inheritdoc />
    public IAsyncEnumerable<FleetEvent> WatchAsync(long? afterId, CancellationToken cancellationToken) => _parts.Events.WatchAsync(afterId, cancellationToken);

    /// <summary>Ends supervision as <see cref="EndAsync(CancellationToken)"/> does, if that was not done, and lets go of everything.</summary>
    public async ValueTask DisposeAsync()
    {
        await EndAsync(CancellationToken.None).ConfigureAwait(false);
        if (_parts.Controller is { } controller)
        {
            controller.LaunchedUnasked -= OnLaunchedUnasked;
        }

        _up.Dispose();
        _changing.Dispose();
        _parts.Dispose();
    }

    /// <summary>Id of the last event; for tests that have to see them all.</summary>
    internal long LastEventId => _parts.Events.LastId;

    /// <summary>Waits until every message that was sent so far, and what came of it at once, is dealt with. For tests on a clock that stands.</summary>
    internal async Task SettleAsync()
    {
        for (var quiet = 0; quiet < 3;)
        {
            var busy = await Task.WhenAll(_daemons.Select(d => d.SettleAsync())).ConfigureAwait(false);
            quiet = busy.Any(b => b) ? 0 : quiet + 1;
        }
    }

    // By index, so that neighbours are a step apart, with a little chance on top, so that several supervisors do not fall in step.
    private double Phase(int index, int count) => (index + _parts.NextRandom()) / Math.Max(1, count);

    private async Task EndAsync(DaemonActor daemon)
    {
        if (_begun && _parts.Options.StopDaemonsOnShutdown && daemon.Spec.Launch == LaunchMode.Supervisor)
        {
            try
            {
                await daemon.StopAsync().ConfigureAwait(false);
            }
            catch (FleetConflictException)
            {
                // It ends in any case.
            }
        }

        await daemon.DisposeAsync().ConfigureAwait(false);
    }

    private void OnLaunchedUnasked(string name) => FindActor(name)?.LaunchedUnasked();

    private DaemonActor Actor(string name) => FindActor(name) ?? throw new KeyNotFoundException($"there is no daemon '{name}' in this fleet");

    private DaemonActor? FindActor(string name) => _daemons.Find(d => string.Equals(d.Spec.Name, name, StringComparison.OrdinalIgnoreCase));

    private IEnumerable<Measurement<int>> MeasureUp() => _daemons.Select(d => new Measurement<int>(
        d.Current.State == DaemonState.Running ? 1 : 0,
        new KeyValuePair<string, object?>(AttributeNames.DaemonName, d.Current.Name),
        new KeyValuePair<string, object?>(AttributeNames.DaemonPort, d.Current.Port)));
}
