using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// Supervises a fleet: adopts the daemons that live, starts the others, watches, restarts and alerts. Every daemon has its own actor, and
/// waits only for the daemons that it depends on.
/// </summary>
public sealed partial class FleetSupervisor : IFleet, IAsyncDisposable
{
    private readonly FleetParts _parts;
    private readonly IDisposable _up;
    private readonly SemaphoreSlim _changing = new(1);
    private volatile ImmutableList<DaemonActor> _daemons = [];
    private UnwantedDaemons? _unwanted;
    private bool _begun;

    /// <summary>Makes the supervisor of a fleet. Nothing is touched before <see cref="BeginAsync"/>.</summary>
    /// <param name="engine">Starts, stops and inspects daemons.</param>
    /// <param name="specs">The daemons, as <see cref="FleetTopology.Resolve"/> gives them.</param>
    /// <param name="options">Intervals and limits.</param>
    /// <param name="logger">The log.</param>
    /// <param name="timeProvider">The clock. Default the system's.</param>
    /// <param name="controller">Starts and stops attached daemons. Default none: attached daemons are only watched.</param>
    /// <param name="webhook">Posts alerts. Default none.</param>
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
        : this(new FleetParts(engine, options, logger, timeProvider ?? TimeProvider.System, controller, webhook, random), specs)
    {
    }

    internal FleetSupervisor(FleetParts parts, IReadOnlyList<DaemonSpec> specs)
    {
        ArgumentNullException.ThrowIfNull(specs);
        _parts = parts;
        _parts.Dependencies = new Dependencies(() => _daemons);
        _daemons = [.. specs.Select((spec, i) => new DaemonActor(_parts, spec, Phase(i, specs.Count)))];
        _up = UpGauge.Register(MeasureUp);
        if (parts.Controller is { } controller)
        {
            controller.LaunchedUnasked += OnLaunchedUnasked;
            controller.LaunchedLate += OnLaunchedLate;
            controller.StoppingUnasked += OnStoppingUnasked;
        }
    }

    /// <inheritdoc />
    public IReadOnlyList<DaemonSnapshot> Daemons => [.. _daemons.Select(d => d.Current)];

    /// <inheritdoc />
    public DaemonSnapshot? Find(string name) => FindActor(name)?.Current;

    /// <summary>
    /// Begins: every living instance that is proved is adopted, and all other daemons that are started with the
    /// fleet are started: at once, unless they depend on others. Returns without waiting for the
    /// reports; they come as events.
    /// </summary>
    /// <param name="cancellationToken">Not used: nothing is waited for.</param>
    public Task BeginAsync(CancellationToken cancellationToken = default)
    {
        if (!_begun)
        {
            _begun = true;
            _parts.Stops.KeepOnly(_daemons.Select(NameOf));
            foreach (var stopped in _daemons.Select(NameOf).Where(_parts.Stops.Has))
            {
                LogStaysStopped(_parts.Logger, stopped);
            }

            _daemons.ForEach(d => d.Begin(IsStartedWithFleet(d.Spec)));
            if (_parts.Options.Fleet is { } fleet)
            {
                _unwanted = new UnwantedDaemons(_parts);
                _unwanted.BeginStop(fleet, Specs);
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>
    /// Ends the supervision: stops all own daemons, each one before those that it depends on, or leaves them running where the options say so. Attached daemons are always
    /// left running. A start that is under way is given up.
    /// </summary>
    /// <param name="cancellationToken">The time is up: what still runs is killed at once.</param>
    public async Task EndAsync(CancellationToken cancellationToken = default)
    {
        // The limit also ends the stops of a change that is under way.
        var outOfTime = cancellationToken.UnsafeRegister(static state => ((FleetParts)state!).OutOfTime.Cancel(), _parts);
        await using (outOfTime.ConfigureAwait(false))
        {
            await _changing.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            try
            {
                if (!_parts.IsEnding)
                {
                    _parts.IsEnding = true;
                    if (_parts.Options.StopDaemonsOnShutdown)
                    {
                        _parts.Stops.Close();
                    }

                    if (_unwanted is { } unwanted)
                    {
                        await unwanted.DisposeAsync().ConfigureAwait(false);
                    }

                    await StartOrder.InReverseAsync(_daemons, NameOf, NeedsOf, EndAsync).ConfigureAwait(false);
                    if (_begun && _parts.Options.StopDaemonsOnShutdown)
                    {
                        _parts.Stops.Clear(_daemons.Where(d => !d.OwnsProcess).Select(NameOf));
                    }

                    _parts.Events.Complete();
                }
            }
            finally
            {
                _changing.Release();
            }
        }
    }

    /// <inheritdoc />
    public Task<StartupReport> StartAsync(string name, CancellationToken cancellationToken) =>
        WithNeededAsync(Actor(name), daemon => daemon.StartAsync()).WaitAsync(cancellationToken);

    /// <inheritdoc />
    public Task<StopReport> StopAsync(string name, CancellationToken cancellationToken) => Actor(name).StopAsync().WaitAsync(cancellationToken);

    /// <inheritdoc />
    public Task<StartupReport> RestartAsync(string name, CancellationToken cancellationToken) =>
        WithNeededAsync(Actor(name), daemon => daemon.RestartAsync()).WaitAsync(cancellationToken);

    /// <inheritdoc />
    public Task<DaemonSnapshot> ResetCrashLoopAsync(string name, CancellationToken cancellationToken) => Actor(name).ResetCrashLoopAsync().WaitAsync(cancellationToken);

    /// <inheritdoc />
    public IAsyncEnumerable<FleetEvent> WatchAsync(long? afterId, CancellationToken cancellationToken) => _parts.Events.WatchAsync(afterId, cancellationToken);

    /// <summary>Ends supervision as <see cref="EndAsync(CancellationToken)"/> does, unless that was done, and frees all resources.</summary>
    public async ValueTask DisposeAsync()
    {
        await EndAsync(CancellationToken.None).ConfigureAwait(false);
        if (_parts.Controller is { } controller)
        {
            controller.LaunchedUnasked -= OnLaunchedUnasked;
            controller.LaunchedLate -= OnLaunchedLate;
            controller.StoppingUnasked -= OnStoppingUnasked;
        }

        _up.Dispose();
        _changing.Dispose();
        _parts.Dispose();
    }

    // The index spreads the probes of one fleet over the interval; the random part spreads those of several supervisors.
    private double Phase(int index, int count) => (index + _parts.NextRandom()) / Math.Max(1, count);

    private async Task<bool> EndAsync(DaemonActor daemon)
    {
        if (_begun && _parts.Options.StopDaemonsOnShutdown && daemon.OwnsProcess)
        {
            try
            {
                await daemon.StopAsync().ConfigureAwait(false);
            }
            catch (FleetConflictException)
            {
                // The supervision ends in any case.
            }
        }

        await daemon.DisposeAsync().ConfigureAwait(false);
        return true;
    }

    private static string NameOf(DaemonActor daemon) => daemon.Spec.Name;

    // The launcher of an attached daemon stops it, in its own order.
    private static IEnumerable<string> NeedsOf(DaemonActor daemon) => daemon.OwnsProcess ? daemon.Spec.DependsOn.Select(d => d.Name) : [];

    /// <summary>Whether a person has stopped the daemon, in the life of this supervisor or of one before it that crashed.</summary>
    internal bool IsKeptStopped(string name) => _parts.Stops.Has(name);

    /// <summary>
    /// Whether a daemon is started with the fleet: by its own definition, or because one that is started depends on it. Not one that a person has
    /// stopped.
    /// </summary>
    private bool IsStartedWithFleet(DaemonSpec spec) =>
        !IsKeptStopped(spec.Name) && (spec.Launch == LaunchMode.Attached || spec.AutoStart || IsNeededByStarted(spec));

    private bool IsNeededByStarted(DaemonSpec spec) =>
        _daemons.Exists(d => d.Spec.AutoStart && !IsKeptStopped(d.Spec.Name) && StartOrder.AllNeededBy(d.Spec, Specs).Contains(spec.Name, StringComparer.OrdinalIgnoreCase));

    private IReadOnlyList<DaemonSpec> Specs => [.. _daemons.Select(d => d.Spec)];

    /// <summary>Asks for the start of a daemon, and starts those that it depends on where it does not run.</summary>
    private Task<StartupReport> WithNeededAsync(DaemonActor daemon, Func<DaemonActor, Task<StartupReport>> start)
    {
        var isNeeded = !daemon.HasInstance;

        // The request comes first: it is told when one of the others fails at once.
        var report = start(daemon);
        if (isNeeded)
        {
            StartNeeded(daemon.Spec, _ => true);
        }

        return report;
    }

    private void StartNeeded(DaemonSpec spec, Func<DaemonSpec, bool> which)
    {
        foreach (var needed in StartOrder.AllNeededBy(spec, Specs).Select(FindActor).OfType<DaemonActor>().Where(d => which(d.Spec)))
        {
            needed.StartForOthers();
        }
    }

    private void OnLaunchedUnasked(string name) => FindActor(name)?.LaunchedByOthers();

    private void OnLaunchedLate(string name) => FindActor(name)?.LaunchedLate();

    private void OnStoppingUnasked(string name) => FindActor(name)?.StoppedByOthers();

    private DaemonActor Actor(string name) => FindActor(name) ?? throw new KeyNotFoundException($"there is no daemon '{name}' in this fleet");

    private DaemonActor? FindActor(string name) => _daemons.Find(d => string.Equals(d.Spec.Name, name, StringComparison.OrdinalIgnoreCase));

    private IEnumerable<Measurement<int>> MeasureUp() => _daemons.Select(d => new Measurement<int>(
        d.Current.State == DaemonState.Running ? 1 : 0,
        new KeyValuePair<string, object?>(AttributeNames.DaemonName, d.Current.Name),
        new KeyValuePair<string, object?>(AttributeNames.DaemonPort, d.Current.Port)));

    [LoggerMessage(116, LogLevel.Information, "{Daemon} stays stopped: a person stopped it before the last supervisor was killed")]
    private static partial void LogStaysStopped(ILogger logger, string daemon);
}
