using System.Collections.Concurrent;

namespace MonitorAspire.Supervision.Probes;

/// <summary>
/// A clock whose timers share one timer of the system. Most time limits of probes are never reached, and then nothing wakes up for them. With a grid,
/// waits that are at least twice as long end at the last point of the grid before their time, so that many of them end together: the machine wakes up
/// once for all of them, and one thread makes the probes one after the other.
/// </summary>
/// <remarks>
/// The callbacks of one moment are in a queue. Where one of them does not return, as on a file system that hangs, the thread of the next moment
/// takes over the rest of the queue. Without timers the clock does nothing, so it need not be disposed of.
/// </remarks>
internal sealed class ProbeClock : TimeProvider
{
    private readonly TimeProvider _time;
    private readonly TimeSpan _grid;
    private readonly long _origin;
    private readonly ITimer _tick;
    private readonly Lock _sync = new();
    private readonly List<Timer> _timers = [];
    private readonly ConcurrentQueue<Timer> _due = new();
    private TimeSpan _next = TimeSpan.MaxValue;

    /// <summary>Makes a clock. Without a grid, timers end when they are due.</summary>
    public ProbeClock(TimeProvider time, TimeSpan grid = default)
    {
        (_time, _grid, _origin) = (time, grid, time.GetTimestamp());
        _tick = time.CreateTimer(_ => OnTick(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public override long TimestampFrequency => _time.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => _time.LocalTimeZone;

    private TimeSpan Now => _time.GetElapsedTime(_origin);

    public override long GetTimestamp() => _time.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => _time.GetUtcNow();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        lock (_sync)
        {
            _timers.Add(timer);
        }

        timer.Change(dueTime, period);
        return timer;
    }

    private TimeSpan Aligned(TimeSpan due, TimeSpan wait) => _grid == TimeSpan.Zero || wait < 2 * _grid ? due : _grid * Math.Floor(due / _grid);

    private void OnTick()
    {
        lock (_sync)
        {
            // Timers are as exact as the kernel's coarse clock and may come early.
            var (now, early) = (Now, _grid / 20);
            _next = TimeSpan.MaxValue;
            foreach (var timer in _timers)
            {
                if (timer.Due <= now + early)
                {
                    _due.Enqueue(timer);
                    timer.GoOn(now);
                }
            }

            Arm(_timers.Count == 0 ? TimeSpan.MaxValue : _timers.Min(timer => timer.Due), now);
        }

        while (_due.TryDequeue(out var timer))
        {
            timer.Run();
        }
    }

    private void Arm(TimeSpan due, TimeSpan now)
    {
        if (due < _next)
        {
            _next = due;
            _tick.Change(due > now ? TimeSpan.FromMilliseconds(Math.Ceiling((due - now).TotalMilliseconds)) : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    private sealed class Timer(ProbeClock clock, Action callback) : ITimer
    {
        private TimeSpan _period;
        private TimeSpan _ideal = TimeSpan.MaxValue;
        private bool _isEnded;

        /// <summary>When it is due next.</summary>
        public TimeSpan Due { get; private set; } = TimeSpan.MaxValue;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._sync)
            {
                if (_isEnded)
                {
                    return false;
                }

                var now = clock.Now;
                _period = period;
                _ideal = dueTime == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : now + dueTime;
                Due = dueTime == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : clock.Aligned(_ideal, dueTime);
                clock.Arm(Due, now);
                return true;
            }
        }

        /// <summary>Is due again after the period, without those that a machine under load has missed.</summary>
        public void GoOn(TimeSpan now)
        {
            if (_period <= TimeSpan.Zero)
            {
                (_ideal, Due) = (TimeSpan.MaxValue, TimeSpan.MaxValue);
                return;
            }

            do
            {
                _ideal += _period;
                Due = clock.Aligned(_ideal, _period);
            }
            while (Due <= now);
        }

        public void Run()
        {
            if (!_isEnded)
            {
                callback();
            }
        }

        public void Dispose()
        {
            lock (clock._sync)
            {
                _isEnded = true;
                clock._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
