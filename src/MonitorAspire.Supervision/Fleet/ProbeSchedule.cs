namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// Says when a daemon is probed: at the probe interval, more often in the first seconds of an instance, and once more soon after a probe has
/// failed. Never two probes at once.
/// </summary>
/// <remarks>The phase says when within the interval the probes come, from 0 to 1.</remarks>
internal sealed class ProbeSchedule(TimeProvider time, TimeSpan interval, double phase, Action due) : IDisposable
{
    private static readonly TimeSpan LongestSecondLook = TimeSpan.FromMilliseconds(100);

    private const double EarlyFactor = 1.5;

    private readonly ITimer _regular = time.CreateTimer(_ => due(), null, interval * Math.Clamp(phase, 0, 1), interval);
    private readonly ITimer _secondLook = time.CreateTimer(_ => due(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    private ITimer? _early;
    private TimeSpan _interval = interval;
    private TimeSpan _earlyDelay = Timeout.InfiniteTimeSpan;
    private bool _probing;

    /// <summary>Probes at another interval and phase from now on.</summary>
    public void Change(TimeSpan interval, double phase)
    {
        _interval = interval;
        _regular.Change(interval * Math.Clamp(phase, 0, 1), interval);
    }

    /// <summary>
    /// Probes a new instance more often: within 100 ms, then each time after 1.5 times as long, until that is the interval. Most daemons that
    /// fail after a verified start do so in their first seconds.
    /// </summary>
    public void ProbeOftenAtFirst()
    {
        _earlyDelay = Soon;
        _early ??= time.CreateTimer(_ => OnEarly(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _early.Change(_earlyDelay, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Probes once more within 100 ms, beside the regular probes. The probe before it has failed: from now on failures come at the interval.</summary>
    public void LookAgain()
    {
        _early?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _secondLook.Change(Soon, Timeout.InfiniteTimeSpan);
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

    private TimeSpan Soon => _interval / 4 is var quarter && quarter < LongestSecondLook ? quarter : LongestSecondLook;

    private void OnEarly()
    {
        _earlyDelay *= EarlyFactor;
        _early?.Change(_earlyDelay < _interval ? _earlyDelay : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        due();
    }
}
