using MonitorAspire.Simulation.World;

namespace MonitorAspire.Simulation.AppHost;

/// <summary>One direction of a connection: messages come late, but in their order. What is under way when it is closed is lost.</summary>
internal sealed class Pipe<T>(Scheduler scheduler, Func<TimeSpan> latency, Action<T> receive)
{
    private readonly Queue<T> _messages = new();
    private TimeSpan _last;
    private bool _isClosed;

    public void Send(T message)
    {
        if (_isClosed)
        {
            return;
        }

        _messages.Enqueue(message);
        var due = scheduler.Now + latency();
        _last = due > _last ? due : _last;
        scheduler.After(_last - scheduler.Now, Deliver);
    }

    public void Close() => _isClosed = true;

    private void Deliver()
    {
        if (!_isClosed)
        {
            receive(_messages.Dequeue());
        }
    }
}
