namespace MonitorAspire.Supervision.Identity;

/// <summary>What could be said about a PID.</summary>
public enum ProcessPresence
{
    /// <summary>
    /// No such process, or one that only waits to be reaped: a zombie holds its PID and nothing else, it is as dead as one that is gone.
    /// </summary>
    Dead,

    /// <summary>A process that lives, with its identity.</summary>
    Alive,

    /// <summary>
    /// There is, or may be, a process that this user is not allowed to look at. It is foreign; it is never taken for dead.
    /// </summary>
    CannotInspect,
}

/// <summary>The answer to "who has this PID?".</summary>
/// <param name="Presence">What could be said.</param>
/// <param name="Identity">Whose life it is; only for <see cref="ProcessPresence.Alive"/>.</param>
public readonly record struct ProcessLookup(ProcessPresence Presence, ProcessIdentity? Identity)
{
    /// <summary>Provably no living process.</summary>
    public static ProcessLookup Dead => default;

    /// <summary>Not to be told.</summary>
    public static ProcessLookup CannotInspect => new(ProcessPresence.CannotInspect, null);

    /// <summary>A living process.</summary>
    /// <param name="identity">Its identity.</param>
    public static ProcessLookup Alive(ProcessIdentity identity) => new(ProcessPresence.Alive, identity);
}
