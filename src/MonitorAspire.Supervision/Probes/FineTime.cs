namespace MonitorAspire.Supervision.Probes;

/// <summary>
/// The system's time, with timers that are exact to a millisecond. The system's own are as coarse as the tick of the kernel, mostly 4 ms. Each timer
/// has a thread while it is used, so this is only for a <see cref="ProbeClock"/>, which has one timer. Periods are not supported.
/// </summary>
internal sealed class FineTime : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(() => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(Action callback) : ITimer
    {
        private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);

        // A start waits again and again. After the last one the thread ends.
        private static readonly TimeSpan Lingering = TimeSpan.FromSeconds(1);

        private readonly object _sync = new();
        private long _setAt;
        private TimeSpan? _wait;
        private bool _hasThread;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (_sync)
            {
                _setAt = TimeProvider.System.GetTimestamp();
                _wait = dueTime < TimeSpan.Zero ? null : dueTime;
                if (!_hasThread && _wait is not null)
                {
                    _hasThread = true;
                    new Thread(Run) { IsBackground = true, Name = "waits of starts" }.Start();
                }

                Monitor.Pulse(_sync);
                return true;
            }
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Run()
        {
            lock (_sync)
            {
                while (_wait is not null || Monitor.Wait(_sync, Lingering) || _wait is not null)
                {
                    var left = _wait - TimeProvider.System.GetElapsedTime(_setAt);
                    if (left > TimeSpan.Zero)
                    {
                        Monitor.Wait(_sync, left < Shortest ? Shortest : left.Value);
                    }
                    else if (left is not null)
                    {
                        _wait = null;
                        ThreadPool.UnsafeQueueUserWorkItem(static run => run(), callback, preferLocal: false);
                    }
                }

                _hasThread = false;
            }
        }
    }
}
