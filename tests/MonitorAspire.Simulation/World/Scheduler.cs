namespace MonitorAspire.Simulation.World;

/// <summary>
/// The one queue of everything that will happen: timers, messages between threads and events of the system. Each entry runs to its end on
/// the thread of the simulation. What is due at the same time runs in an order that the seed decides. The monotonic clock goes on only when
/// nothing is due; the wall clock may jump.
/// </summary>
internal sealed class Scheduler(Choices choices, Action<string> onEscape) : TimeProvider
{
    private static readonly DateTimeOffset Origin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<Entry, (long Due, uint Tie, long Number)> _queue = new();
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private long _number;
    private TimeSpan _lateness;
    private TimeSpan _latenessUntil;

    /// <summary>Time since the beginning on the monotonic clock.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>How far the wall clock is ahead of where it would be without jumps.</summary>
    public TimeSpan WallOffset { get; set; }

    /// <summary>How late a message between threads may come.</summary>
    public TimeSpan Lateness
    {
        get;
        set
        {
            (_lateness, _latenessUntil) = (LongestLateness, Now + (LongestLateness * 40));
            field = value;
        }
    }

    /// <summary>How late a message may come that was sent a while ago: what is under way comes late even when new messages do not.</summary>
    public TimeSpan LongestLateness => Now < _latenessUntil && _lateness > Lateness ? _lateness : Lateness;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>When the next entry is due; <see langword="null"/> when nothing will happen any more.</summary>
    public TimeSpan? NextDue
    {
        get
        {
            while (_queue.TryPeek(out var next, out var key))
            {
                if (!next.IsCancelled)
                {
                    return TimeSpan.FromTicks(key.Due);
                }

                _queue.Dequeue();
            }

            return null;
        }
    }

    public override DateTimeOffset GetUtcNow() => Origin + Now + WallOffset;

    public override long GetTimestamp()
    {
        RequireThread();
        return Now.Ticks;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimulatedTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Runs work on another thread, as soon as that has time for it.</summary>
    public void Post(Action work) => After(choices.Chance(0.1) ? Lateness * choices.NextDouble() : TimeSpan.Zero, work);

    public Entry After(TimeSpan delay, Action work)
    {
        RequireThread();
        var entry = new Entry(work);
        _queue.Enqueue(entry, ((Now + (delay > TimeSpan.Zero ? delay : TimeSpan.Zero)).Ticks, (uint)choices.Next(), ++_number));
        return entry;
    }

    /// <summary>Runs the next entry, and moves the clock to it.</summary>
    public void Step()
    {
        if (NextDue is { } due)
        {
            Now = due > Now ? due : Now;
            _queue.Dequeue().Work();
        }
    }

    public void MoveTo(TimeSpan at) => Now = at > Now ? at : Now;

    /// <summary>
    /// Work that has left the thread of the simulation runs at a time that no seed decides. The usual causes are
    /// <see cref="TaskCreationOptions.RunContinuationsAsynchronously"/>, <see cref="CancellationTokenSource.CancelAsync"/> and the thread pool.
    /// </summary>
    private void RequireThread()
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            onEscape(Environment.StackTrace);
            throw new InvalidOperationException("this work has left the thread of the simulation");
        }
    }

    internal sealed class Entry(Action work)
    {
        public Action Work { get; } = work;

        public bool IsCancelled { get; set; }
    }

    private sealed class SimulatedTimer(Scheduler scheduler, TimerCallback callback, object? state) : ITimer
    {
        private Entry? _entry;
        private bool _disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Cancel();
            if (!_disposed && dueTime >= TimeSpan.Zero)
            {
                _entry = scheduler.After(dueTime, () => Fire(period));
            }

            return !_disposed;
        }

        public void Dispose()
        {
            Cancel();
            _disposed = true;
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }

        private void Fire(TimeSpan period)
        {
            _entry = period > TimeSpan.Zero ? scheduler.After(period, () => Fire(period)) : null;
            callback(state);
        }

        private void Cancel()
        {
            if (_entry is { } entry)
            {
                entry.IsCancelled = true;
                _entry = null;
            }
        }
    }
}
