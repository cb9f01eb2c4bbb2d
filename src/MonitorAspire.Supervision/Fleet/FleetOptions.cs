using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>How a fleet is looked after; what it is made of is the specifications' to say.</summary>
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

    /// <summary>How many starts may be under way at once. Default twice the number of processors, at least 4.</summary>
    public int MaxParallelStarts { get; init; } = Math.Max(4, 2 * Environment.ProcessorCount);

    /// <summary>Time between two probes of a daemon. Default 1 second.</summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time limit of a probe. Default 2 seconds.</summary>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Failed probes in a row that make a daemon unhealthy; fewer make it degraded. Default 3.</summary>
    public int ProbeFailures { get; init; } = 3;

    /// <summary>How long health may be lost before an alert fires. Default 10 seconds.</summary>
    public TimeSpan HealthLostAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a foreign port, or an attached daemon that is gone, is looked at. Default 1 second.</summary>
    public TimeSpan LookInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Restart policy of the daemons that have none of their own.</summary>
    public RestartPolicy Restart { get; init; } = new();

    /// <summary>How many lines of its log a failed daemon's failure carries. Default 20.</summary>
    public int LogTailLines { get; init; } = 20;

    /// <summary>The options that a configuration asks for.</summary>
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

    /// <summary>Names and values of what others have otherwise, as in <c>StartTimeout 00:00:30 -> 00:00:10</c>.</summary>
    /// <param name="changed">The others.</param>
    internal IReadOnlyList<string> DifferencesTo(FleetOptions changed)
    {
        var found = new List<string>();
        Compare(nameof(StartTimeout), StartTimeout, changed.StartTimeout);
        Compare(nameof(StopGracePeriod), StopGracePeriod, changed.StopGracePeriod);
        Compare(nameof(StopDaemonsOnShutdown), StopDaemonsOnShutdown, changed.StopDaemonsOnShutdown);
        Compare(nameof(ProbeInterval), ProbeInterval, changed.ProbeInterval);
        Compare(nameof(ProbeTimeout), ProbeTimeout, changed.ProbeTimeout);
        Compare(nameof(ProbeFailures), ProbeFailures, changed.ProbeFailures);
        Compare(nameof(HealthLostAfter), HealthLostAfter, changed.HealthLostAfter);
        Compare(nameof(LookInterval), LookInterval, changed.LookInterval);
        Compare(nameof(LogTailLines), LogTailLines, changed.LogTailLines);
        if (Restart != changed.Restart)
        {
            found.Add(nameof(Restart));
        }

        return found;

        void Compare<T>(string name, T mine, T theirs)
            where T : IEquatable<T>
        {
            if (!mine.Equals(theirs))
            {
                found.Add(FormattableString.Invariant($"{name} {mine} -> {theirs}"));
            }
        }
    }
}
