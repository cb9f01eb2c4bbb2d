using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>One port, with all that was seen of it at one moment.</summary>
/// <param name="Parts">The engine's parts.</param>
/// <param name="Files">The port's files.</param>
/// <param name="Spec">What the record says of the daemon, or the defaults.</param>
/// <param name="Located">What there is of an instance.</param>
/// <param name="PidFile">What the PID file says.</param>
internal sealed record Patient(EngineParts Parts, DaemonFiles Files, DaemonSpec Spec, Located Located, PidFileReading PidFile)
{
    /// <summary>The look from outside; <see langword="null"/> where the host stands for no address.</summary>
    internal DaemonInspection? Inspection { get; init; }

    /// <summary>Whether somebody wants a daemon on the port, though it may have left no trace yet.</summary>
    internal bool IsWanted { get; init; }

    internal int Port => Files.Port;

    /// <summary>Nothing of ours lives and nobody holds the lock: whoever takes it may clean up.</summary>
    internal bool IsAbandoned => Located.Kind == LocatedKind.None;

    /// <summary>A finding about this port.</summary>
    internal Finding Find(string id, FindingSeverity severity, string? file, string problem, string mend, bool safe = false) => new()
    {
        Id = id,
        Severity = severity,
        File = file,
        Port = Port,
        Problem = problem,
        Mend = mend,
        SafeToMend = safe,
    };

    /// <summary>
    /// Does something to the files of a port that provably has no instance: the lock is taken first, so nobody starts one
    /// meanwhile, and a daemon that lives without its lock is looked for once more.
    /// </summary>
    internal string UnderLock(Func<string> action)
    {
        using var taken = InstanceLock.TryAcquire(Files.LockFile) ?? throw new NoLongerSafeException($"port {Port} was taken in between");
        if (Parts.Locator.Locate(Files) is { Kind: LocatedKind.Instance, Identity: { } identity })
        {
            throw new NoLongerSafeException($"PID {identity.Pid} turned out to be the daemon of port {Port}");
        }

        return action();
    }
}
