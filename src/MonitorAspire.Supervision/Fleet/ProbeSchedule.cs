namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// Says when a daemon is probed: at the probe interval, more often in the first seconds of an instance, and once more soon after a probe has
/// failed. Never two probes at once.
/// </summary>
/// <remarks>The phase says when within the interval the probes come, from 0 to 1.</remarks>
internal sealed class ProbeSchedule(TimeProvider time, TimeSpan interval, double phase, Action due) : IDisposable
{
    private static readonly TimeSpan LongestSecondLook = TimeSpan.FromMilliseconds(100);

    // Most daemons that fail after a verified start do so in their first seconds.
    private static readonly TimeSpan EarlyTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestEarlyInterval = TimeSpan.FromMilliseconds(250);

    private readonly ITimer _regular = time.CreateTimer(_ => due(), null, interval * Math.Clamp(phase, 0, 1), interval);
    private readonly ITimer _secondLook = time.CreateTimer(_ => due(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    private TimeSpan _interval = interval;
    private bool _probing;
    private ITimer? _early;
    private long _earlySince;

    /// <summary>Probes at another interval and phase from now on.</summary>
    public void Change(TimeSpan interval, double phase)
    {
        _interval = interval;
        _regular.Change(interval * Math.Clamp(phase, 0, 1), interval);
    }

    /// <summary>Probes a new instance four times as often, and at least every 250 ms, for 5 seconds.</summary>
    public void ProbeOftenAtFirst()
    {
        var early = _interval / 4;
        early = early < LongestEarlyInterval ? early : LongestEarlyInterval;
        _early?.Dispose();
        _earlySince = time.GetTimestamp();
        _early = time.CreateTimer(_ => OnEarly(), null, early, early);
    }

    /// <summary>Probes once more within 100 ms, beside the regular probes.</summary>
    public void LookAgain()
    {
        var soon = _interval / 4;
        _secondLook.Change(soon < LongestSecondLook ? soon : LongestSecondLook, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether a probe may begin now. It ends with <see cref="End"/>.</summary>
    public bool TryBegin()
    {
        var free = !_probing;
        _probing = true;
        return free;
    }

    /// <summary>The probe has ended.</summary>
    public void End() => _probing = false;

    public void Dispose()
    {
        _regular.Dispose();
        _secondLook.Dispose();
        _early?.Dispose();
    }

    private void OnEarly()
    {
        if (time.GetElapsedTime(_earlySince) > EarlyTime)
        {
            _early?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }

        due();
    }
}
