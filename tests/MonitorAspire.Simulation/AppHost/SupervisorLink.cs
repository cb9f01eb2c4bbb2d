using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Launcher;

namespace MonitorAspire.Simulation.AppHost;

/// <summary>
/// The end of the connection in one supervisor: the real controller of attached daemons, and what the invariants are told of it.
/// </summary>
internal sealed class SupervisorLink(TimeProvider time, ILinkObserver observer) : IAttachedDaemonController
{
    private readonly LauncherController _controller = new(time, TaskCreationOptions.None);
    private object? _connection;

    public event Action<string>? LaunchedUnasked
    {
        add => _controller.LaunchedUnasked += value;
        remove => _controller.LaunchedUnasked -= value;
    }

    public event Action<string>? LaunchedLate
    {
        add => _controller.LaunchedLate += value;
        remove => _controller.LaunchedLate -= value;
    }

    public event Action<string>? StoppingUnasked
    {
        add => _controller.StoppingUnasked += value;
        remove => _controller.StoppingUnasked -= value;
    }

    /// <summary>Whether the supervisor has died.</summary>
    public bool IsClosed { get; private set; }

    public Func<string, bool> Knows { get; set; } = static _ => false;

    public void Close() => IsClosed = true;

    public void Connect(object connection, Action<LauncherMessage> send)
    {
        if (!IsClosed)
        {
            _connection = connection;
            _controller.Connect(send);
        }
    }

    /// <summary>The supervisor notices that a connection has ended. It may have another one by then.</summary>
    public void Disconnect(object connection)
    {
        if (_connection == connection && !IsClosed)
        {
            _connection = null;
            _controller.Disconnect();
        }
    }

    public void Receive(LauncherAnswer answer)
    {
        if (!IsClosed)
        {
            _controller.Receive(answer);
        }
    }

    public void Receive(SentReport sent)
    {
        if (!IsClosed && Knows(sent.Report.Daemon))
        {
            observer.OnReported(sent);
            _controller.Receive(sent.Report);
        }
    }

    public Task RequestStartAsync(string daemon, CancellationToken cancellationToken)
    {
        if (!IsClosed)
        {
            observer.OnLaunchAsked(daemon);
        }

        return _controller.RequestStartAsync(daemon, cancellationToken);
    }

    public Task RequestStopAsync(string daemon, CancellationToken cancellationToken)
    {
        if (!IsClosed)
        {
            observer.OnEndAsked(daemon);
        }

        return _controller.RequestStopAsync(daemon, cancellationToken);
    }

    public Task<AttachedLaunch> WaitForLaunchAsync(string daemon, CancellationToken cancellationToken) => _controller.WaitForLaunchAsync(daemon, cancellationToken);

    public AttachedLaunch? FindLaunch(string daemon) => _controller.FindLaunch(daemon);

    public Task<AttachedExit> WaitForEndAsync(string daemon, CancellationToken cancellationToken) => _controller.WaitForEndAsync(daemon, cancellationToken);
}

/// <summary>Is told what the fleet asks of the launcher of attached daemons, and what the supervisor hears from that.</summary>
internal interface ILinkObserver
{
    void OnLaunchAsked(string daemon);

    void OnEndAsked(string daemon);

    /// <summary>A report has come to the supervisor, which has not read it yet.</summary>
    void OnReported(SentReport sent);
}

/// <summary>A report, with the truth behind it: who started or stopped the process, and when anyone but the supervisor last did.</summary>
internal sealed record SentReport(LauncherReport Report, Cause Cause, TimeSpan AskedAt);

/// <summary>Who started or stopped a process.</summary>
internal enum Cause
{
    /// <summary>The launcher or the process itself.</summary>
    Itself,

    Supervisor,

    Person,
}
