using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>Numbers the events, keeps the last ones, and gives every subscriber all of them in order.</summary>
/// <remarks>A subscriber may fall further behind than what is kept: a fleet of 200 has 1,600 events while it starts.</remarks>
internal sealed class FleetEventLog(TimeProvider time, int kept = 1000, int behind = 4000)
{
    private readonly Lock _lock = new();
    private readonly Queue<FleetEvent> _events = new();
    private readonly List<Channel<FleetEvent>> _subscribers = [];
    private long _lastId;
    private bool _completed;

    /// <summary>Adds an event and gives it to all subscribers. Never waits for them.</summary>
    public FleetEvent Add(FleetEventKind kind, DaemonSnapshot daemon, StartupReport? report = null, string? message = null, FleetAlert? alert = null)
    {
        lock (_lock)
        {
            var added = new FleetEvent
            {
                Id = ++_lastId,
                At = time.GetUtcNow(),
                Kind = kind,
                Daemon = daemon,
                Report = report,
                Message = message,
                Alert = alert,
            };
            _events.Enqueue(added);
            if (_events.Count > kept)
            {
                _events.Dequeue();
            }

            // A full channel means that its reader is too slow. The reader gets what is in the channel, then its stream ends.
            _subscribers.RemoveAll(subscriber => !subscriber.Writer.TryWrite(added) && subscriber.Writer.TryComplete());
            return added;
        }
    }

    /// <summary>The kept events after an id.</summary>
    public FleetEvent[] Kept(long after)
    {
        lock (_lock)
        {
            return after >= _lastId ? [] : [.. _events.Where(e => e.Id > after)];
        }
    }

    /// <summary>Ends all streams; new ones end after the replay.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            _completed = true;
            _subscribers.ForEach(subscriber => subscriber.Writer.TryComplete());
            _subscribers.Clear();
        }
    }

    /// <summary>
    /// The events after an id, then the new ones; only the new ones without an id. An id that was not given yet is of an earlier supervisor:
    /// then all kept events are replayed.
    /// </summary>
    public IAsyncEnumerable<FleetEvent> WatchAsync(long? afterId, CancellationToken cancellationToken)
    {
        // Subscribed before the first read, so that no event between the call and the first read is missed.
        var channel = Channel.CreateBounded<FleetEvent>(new BoundedChannelOptions(behind) { SingleReader = true });
        FleetEvent[] replay;
        lock (_lock)
        {
            var after = afterId > _lastId ? 0 : afterId;
            replay = after is { } id ? Kept(id) : [];
            if (_completed)
            {
                channel.Writer.Complete();
            }
            else
            {
                _subscribers.Add(channel);
            }
        }

        return ReadAsync(replay, channel, cancellationToken);
    }

    private async IAsyncEnumerable<FleetEvent> ReadAsync(FleetEvent[] replay, Channel<FleetEvent> channel, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            foreach (var old in replay)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return old;
            }

            await foreach (var added in channel.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return added;
            }
        }
        finally
        {
            lock (_lock)
            {
                _subscribers.Remove(channel);
            }
        }
    }
}
