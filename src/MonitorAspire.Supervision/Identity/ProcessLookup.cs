namespace MonitorAspire.Supervision.Identity;

/// <summary>Whether a PID belongs to a living process.</summary>
internal enum ProcessPresence
{
    /// <summary>
    /// There is no such process, or it is a zombie. A zombie still has its PID but nothing else.
    /// </summary>
    Dead,

    /// <summary>There is a living process.</summary>
    Alive,

    /// <summary>
    /// There is, or may be, a process that this user may not inspect. It is foreign and never counts as dead.
    /// </summary>
    CannotInspect,
}

/// <summary>Result of looking up a PID.</summary>
/// <param name="Presence">Whether it belongs to a living process.</param>
/// <param name="Identity">Identity of the process, for <see cref="ProcessPresence.Alive"/>.</param>
internal readonly record struct ProcessLookup(ProcessPresence Presence, ProcessIdentity? Identity)
{
    /// <summary>There is no living process.</summary>
    public static ProcessLookup Dead => default;

    /// <summary>It cannot be told.</summary>
    public static ProcessLookup CannotInspect => new(ProcessPresence.CannotInspect, null);

    /// <summary>There is a living process.</summary>
    /// <param name="identity">Its identity.</param>
    public static ProcessLookup Alive(ProcessIdentity identity) => new(ProcessPresence.Alive, identity);
}
