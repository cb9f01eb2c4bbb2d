namespace MonitorAspire.Supervision.Identity;

internal enum ProcessPresence
{
    /// <summary>There is no such process, or it is a zombie. A zombie still has its PID but nothing else.</summary>
    Dead,

    Alive,

    /// <summary>There is, or may be, a process that this user may not inspect. It is foreign and never counts as dead.</summary>
    CannotInspect,
}

/// <summary>Result of looking up a PID. It has the identity of a process that is <see cref="ProcessPresence.Alive"/>.</summary>
internal readonly record struct ProcessLookup(ProcessPresence Presence, ProcessIdentity? Identity)
{
    public static ProcessLookup Dead => default;

    public static ProcessLookup CannotInspect => new(ProcessPresence.CannotInspect, null);

    public static ProcessLookup Alive(ProcessIdentity identity) => new(ProcessPresence.Alive, identity);
}
