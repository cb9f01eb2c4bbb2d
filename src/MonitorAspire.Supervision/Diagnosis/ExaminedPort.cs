using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>One port, with everything that was seen of it. The spec is from the record, or has defaults.</summary>
internal sealed record ExaminedPort(EngineParts Parts, DaemonFiles Files, DaemonSpec Spec, Located Located, PidFileReading PidFile)
{
    /// <summary>The inspection from outside; <see langword="null"/> where the host cannot be resolved.</summary>
    internal DaemonInspection? Inspection { get; init; }

    /// <summary>Whether a fleet has a daemon on this port, which may not have left any file yet.</summary>
    internal bool IsWanted { get; init; }

    internal int Number => Files.Port;

    /// <summary>Whether there is no instance and no process holds the lock. Then a process that takes the lock may clean up.</summary>
    internal bool IsAbandoned => Located.Kind == LocatedKind.None;

    /// <summary>A finding about this port. The action fixes it, where that is provably safe.</summary>
    internal FixableFinding Finding(string id, FindingSeverity severity, string? file, string problem, string fix, Func<string>? action = null) =>
        new(id, severity, file, problem, fix, action, Number);

    /// <summary>A finding, if there is something else than a file at the path. A start fails, unless it replaces it by a rename.</summary>
    internal FixableFinding? NotAFile(string id, string path, bool isReplaced = false)
    {
        if (OperatingSystem.IsWindows() || FileStatus.Of(path, follow: false) is not { IsFile: false } status)
        {
            return null;
        }

        var kind = status.IsLink ? "a symbolic link" : status.IsDirectory ? "a directory" : "not a regular file";
        return isReplaced && !status.IsDirectory
            ? Finding(id, FindingSeverity.Warning, path, $"{Path.GetFileName(path)} is {kind}, which no daemon makes", "none needed: the next start replaces it")
            : Finding(id, FindingSeverity.Error, path, $"{Path.GetFileName(path)} is {kind}: no daemon can be started on port {Number}", "move it away");
    }

    /// <summary>
    /// Changes the files of a port that provably has no instance. The lock is taken first, so that no process starts one meanwhile, and a daemon
    /// that lives without its lock is searched once more.
    /// </summary>
    internal string UnderLock(Func<string> action)
    {
        using var taken = InstanceLock.TryAcquire(Files.LockFile) ?? throw new NoLongerSafeException($"another process has taken port {Number} meanwhile");
        return Parts.Locator.Locate(Files) is { Kind: LocatedKind.Instance, Identity: { } identity }
            ? throw new NoLongerSafeException($"PID {identity.Pid} is the daemon of port {Number}")
            : action();
    }
}
