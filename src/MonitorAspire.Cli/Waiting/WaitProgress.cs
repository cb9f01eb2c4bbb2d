using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli.Waiting;

/// <summary>Decides after each look whether a wait is over.</summary>
internal sealed class WaitProgress(TimeProvider time, TimeSpan timeout)
{
    // Between a stop and the next start nothing is there for a moment.
    private static readonly TimeSpan GoneToBelieve = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestHealthCheck = TimeSpan.FromSeconds(2);

    private readonly long _started = time.GetTimestamp();
    private readonly HashSet<int> _alive = [];
    private readonly Dictionary<int, long> _lostSince = [];
    private TimeSpan _delay = FirstDelay;

    private TimeSpan Left => timeout - time.GetElapsedTime(_started);

    /// <summary>Time limit of the next health check, which does not go far beyond the end of the wait.</summary>
    internal TimeSpan HealthTimeout => Left < LongestHealthCheck ? TimeSpan.FromTicks(Math.Max(Left.Ticks, TimeSpan.FromMilliseconds(500).Ticks)) : LongestHealthCheck;

    /// <summary>Whether an instance of the port was seen before.</summary>
    internal bool WasSeen(int port) => _alive.Contains(port);

    /// <summary>The exit code when the wait is over; else <see langword="null"/>.</summary>
    internal int? Judge(IReadOnlyList<DaemonInspection> daemons)
    {
        if (daemons.Count > 0 && daemons.All(d => d.Verdict == InspectionVerdict.Running))
        {
            return ExitCodes.Success;
        }

        var final = daemons.Select(Final).FirstOrDefault(code => code is not null);
        return final ?? (Left <= TimeSpan.Zero ? ExitCodes.NotVerified : null);
    }

    /// <summary>Short at first, so that a daemon that is about to serve is seen at once.</summary>
    internal TimeSpan NextDelay()
    {
        var delay = Left < _delay ? Left : _delay;
        _delay = _delay * 2 < LongestDelay ? _delay * 2 : LongestDelay;
        return delay > TimeSpan.Zero ? delay : TimeSpan.FromMilliseconds(1);
    }

    private int? Final(DaemonInspection daemon)
    {
        if (daemon.Verdict is InspectionVerdict.Running or InspectionVerdict.Starting or InspectionVerdict.Unhealthy)
        {
            _alive.Add(daemon.Port);
            _lostSince.Remove(daemon.Port);
            return null;
        }

        if (daemon.Reason == StartupReason.InvalidConfiguration)
        {
            return ExitCodes.Usage;
        }

        var isForeign = daemon.Verdict == InspectionVerdict.Foreign;
        if (!isForeign && !_alive.Contains(daemon.Port))
        {
            // It was not started yet.
            return null;
        }

        if (!_lostSince.TryGetValue(daemon.Port, out var since))
        {
            _lostSince[daemon.Port] = since = time.GetTimestamp();
        }

        return time.GetElapsedTime(since) < GoneToBelieve ? null : isForeign ? ExitCodes.Foreign : ExitCodes.ExitedPrematurely;
    }
}
