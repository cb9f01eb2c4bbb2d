using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>How a fleet is supervised. The specifications say which daemons it has.</summary>
public sealed record FleetOptions
{
    /// <summary>Absolute path of the state directory, the same as the engine's.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>Time limit of a verified start. Default 30 seconds.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time between SIGTERM and SIGKILL. Default 10 seconds.</summary>
    public TimeSpan StopGracePeriod { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether an orderly end of the supervisor stops the daemons that it launched. Default true. A crash never does.</summary>
    public bool StopDaemonsOnShutdown { get; init; } = true;

    /// <summary>Time between two probes of a daemon. Default 1 second.</summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time limit of a probe. Default 2 seconds.</summary>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Failed probes in a row that restart a daemon. The first one makes it unhealthy. Failures that follow each other within half a probe
    /// interval count as one. Default 3.
    /// </summary>
    public int ProbeFailures { get; init; } = 3;

    /// <summary>How long health may be lost before an alert fires. Default 10 seconds.</summary>
    public TimeSpan HealthLostAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time between two looks at a foreign port, or at an attached daemon that is gone. Default 1 second.</summary>
    public TimeSpan LookInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Restart policy of the daemons that have none of their own.</summary>
    public RestartPolicy Restart { get; init; } = new();

    /// <summary>The options of a configuration.</summary>
    /// <param name="monitors">The configuration.</param>
    /// <param name="stateDirectory">Absolute path of the state directory.</param>
    public static FleetOptions From(MonitorsOptions monitors, string stateDirectory)
    {
        ArgumentNullException.ThrowIfNull(monitors);
        return new FleetOptions
        {
            StateDirectory = stateDirectory,
            StartTimeout = monitors.StartTimeout,
            StopGracePeriod = monitors.StopGracePeriod,
            StopDaemonsOnShutdown = monitors.StopDaemonsOnShutdown,
            Restart = monitors.Restart,
            ProbeInterval = monitors.Probe.Interval,
            ProbeTimeout = monitors.Probe.Timeout,
            ProbeFailures = monitors.Probe.Failures,
            HealthLostAfter = monitors.Probe.HealthLostAfter,
        };
    }

    /// <summary>The options that differ, as in <c>StartTimeout 00:00:30 -> 00:00:10</c>.</summary>
    /// <param name="changed">The options to compare with.</param>
    internal IReadOnlyList<string> DifferencesTo(FleetOptions changed)
    {
        var found = Values().Zip(changed.Values())
            .Where(pair => !pair.First.Value.Equals(pair.Second.Value))
            .Select(pair => FormattableString.Invariant($"{pair.First.Name} {pair.First.Value} -> {pair.Second.Value}"));
        return [.. found, .. Restart == changed.Restart ? [] : (string[])[nameof(Restart)]];
    }

    private IEnumerable<(string Name, object Value)> Values() =>
    [
        (nameof(StartTimeout), StartTimeout),
        (nameof(StopGracePeriod), StopGracePeriod),
        (nameof(StopDaemonsOnShutdown), StopDaemonsOnShutdown),
        (nameof(ProbeInterval), ProbeInterval),
        (nameof(ProbeTimeout), ProbeTimeout),
        (nameof(ProbeFailures), ProbeFailures),
        (nameof(HealthLostAfter), HealthLostAfter),
        (nameof(LookInterval), LookInterval),
    ];
}
