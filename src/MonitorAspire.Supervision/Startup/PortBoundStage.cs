namespace MonitorAspire.Supervision.Startup;

/// <summary>Stage four: a listening socket on host and port belongs to the process or to a member of its tree.</summary>
internal sealed class PortBoundStage(EngineParts parts, ClaimedPort claimed, StartingInstance instance) : IWaitingStage
{
    // Sockets and descriptors are read one after the other. A daemon may open its socket in between, and then the socket seems to belong
    // to no process. So a foreign listener must be seen several times in a row.
    private const int LooksToBelieve = 3;

    private static readonly TimeSpan SharedAge = TimeSpan.FromMilliseconds(2);

    private int _foreignLooks;

    public StartupStage Stage => StartupStage.PortBound;

    /// <summary>Whether the last check saw that the socket belongs to the instance; <see langword="null"/> where the platform cannot tell.</summary>
    internal bool? Owned { get; private set; }

    // All daemons that are starting look together. What is seen now is confirmed after the health check.
    public ValueTask<bool> PassesAsync(CancellationToken cancellationToken) => ValueTask.FromResult(Passes(SharedAge));

    /// <summary>Whether it passes at this moment.</summary>
    internal bool PassesNow() => Passes(TimeSpan.Zero);

    private bool Passes(TimeSpan age)
    {
        var port = claimed.Spec.Port;
        var seen = parts.Ports.Look(claimed.Addresses, port, instance.Signs, age);
        Owned = seen.Owned;
        if (seen.Other is null)
        {
            _foreignLooks = 0;
            return seen.Owned != false;
        }

        return ++_foreignLooks < LooksToBelieve ? false : throw new StartupFailedException(
            StartupReason.PortOwnedByOther,
            seen.Owned == true
                ? $"PID {instance.Root.Pid} listens on port {port}, but so does {seen.Other}"
                : $"port {port} is listened on by {seen.Other}, not by PID {instance.Root.Pid}")
        {
            Owner = seen.Other,
        };
    }

    public StartupFailedException TimedOut(string limit)
    {
        var pid = instance.Root.Pid;
        var elsewhere = parts.Ports.ListensOn(instance.Signs);
        return elsewhere.Any(e => e.Port == claimed.Spec.Port && claimed.Addresses.Contains(e.Address))
            ? new(StartupReason.TimedOut, $"PID {pid} listens on {claimed.Spec.Host}:{claimed.Spec.Port} only now, after {limit}")
            : elsewhere.Count > 0
            ? new(StartupReason.PortNotBound, $"PID {pid} listens on {string.Join(", ", elsewhere)}, not on {claimed.Spec.Host}:{claimed.Spec.Port}, after {limit}")
            : new(StartupReason.TimedOut, $"PID {pid} lives, but listens on nothing after {limit}");
    }
}
