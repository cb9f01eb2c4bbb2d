using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>One port, with everything that was seen of it.</summary>
/// <param name="Parts">The engine's parts.</param>
/// <param name="Files">The port's files.</param>
/// <param name="Spec">The daemon, from its record or with defaults.</param>
/// <param name="Located">The instance.</param>
/// <param name="PidFile">The PID file.</param>
internal sealed record ExaminedPort(EngineParts Parts, DaemonFiles Files, DaemonSpec Spec, Located Located, PidFileReading PidFile)
{
    /// <summary>The inspection from outside; <see langword="null"/> where the host cannot be resolved.</summary>
    internal DaemonInspection? Inspection { get; init; }

    /// <summary>Whether a fleet has a daemon on this port, which may not have left any file yet.</summary>
    internal bool IsWanted { get; init; }

    internal int Number => Files.Port;

    /// <summary>Whether there is no instance and nobody holds the lock. Then whoever takes the lock may clean up.</summary>
    internal bool IsAbandoned => Located.Kind == LocatedKind.None;

    /// <summary>A finding about this port.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="severity">Its severity.</param>
    /// <param name="file">The file that it is about.</param>
    /// <param name="problem">The problem.</param>
    /// <param name="fix">What fixes it.</param>
    /// <param name="action">Fixes it, where that is provably safe.</param>
    internal FixableFinding Finding(string id, FindingSeverity severity, string? file, string problem, string fix, Func<string>? action = null) => new(
        new Finding { Id = id, Severity = severity, File = file, Port = Number, Problem = problem, Fix = fix, SafeToFix = action is not null }, action);

    /// <summary>A finding, if there is something else than a file at the path. A start would fail.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="path">The path.</param>
    internal FixableFinding? NotAFile(string id, string path)
    {
        if (OperatingSystem.IsWindows() || FileStatus.Of(path, follow: false) is not { IsFile: false } status)
        {
            return null;
        }

        var kind = status.IsLink ? "a symbolic link" : status.IsDirectory ? "a directory" : "not a regular file";
        return Finding(id, FindingSeverity.Error, path, $"{Path.GetFileName(path)} is {kind}: no daemon can be started on port {Number}", "move it away");
    }

    /// <summary>
    /// Changes the files of a port that provably has no instance. The lock is taken first, so that nobody starts one meanwhile, and a daemon
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
