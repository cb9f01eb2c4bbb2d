namespace MonitorAspire.Supervision.Fleet;

/// <summary>How a fleet is supervised. The specifications say which daemons it has.</summary>
public sealed record FleetOptions
{
    /// <summary>Absolute path of the state directory, the same as the engine's.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>
    /// The name of the fleet, the same as the engine's. Daemons of its own that the configuration does not name any more are stopped at the
    /// beginning, as a change of the configuration does it. Default none: nothing is stopped.
    /// </summary>
    public string? Fleet { get; init; }

    /// <summary>Where the daemons are kept that a person has stopped, for a supervisor after a crash. Default none: it starts them.</summary>
    internal string? StopFile { get; init; }

    /// <summary>Time limit of a verified start. Default 30 seconds.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time between SIGTERM and SIGKILL. Default 10 seconds.</summary>
    public TimeSpan StopGracePeriod { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether an orderly end of the supervisor stops the daemons that it launched. Default true. A crash never does.</summary>
    public bool StopDaemonsOnShutdown { get; init; } = true;

    /// <summary>How running daemons are probed.</summary>
    public ProbePolicy Probe { get; init; } = new();

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
            Probe = monitors.Probe,
        };
    }

    /// <summary>The options that differ, as in <c>StartTimeout 00:00:30 -> 00:00:10</c>.</summary>
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
        ("ProbeInterval", Probe.Interval),
        ("ProbeTimeout", Probe.Timeout),
        ("ProbeFailures", Probe.Failures),
        ("HealthLostAfter", Probe.HealthLostAfter),
        (nameof(LookInterval), LookInterval),
    ];
}
