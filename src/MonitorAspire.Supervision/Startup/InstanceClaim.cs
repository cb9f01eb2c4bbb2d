using System.Globalization;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>
/// Claims lock, PID file and record of a port for the current process. A daemon that follows the contract does this first. Started by
/// our launcher, it inherits the lock; started by DCP, a shell or systemd, it takes the lock.
/// </summary>
internal sealed class InstanceClaim : IDisposable
{
    private readonly DaemonFiles _files;
    private readonly InstanceLock _lock;
    private readonly bool _inherited;
    private bool _disposed;

    private InstanceClaim(DaemonFiles files, InstanceLock instanceLock, bool inherited)
    {
        _files = files;
        _lock = instanceLock;
        _inherited = inherited;
    }

    /// <summary>Claims the port's files for the current process. Returns <see langword="null"/> when claimed; otherwise the reason.</summary>
    /// <remarks>The description is for the record, where no launcher has written one. Dispose the claim when the daemon has stopped serving.</remarks>
    public static ClaimFailure? TryClaim(DaemonFiles files, InstanceRecord description, out InstanceClaim? claim)
    {
        claim = null;
        try
        {
            StateDirectory.Create(files.StateDirectory);
            var inherited = InheritedLock(files);
            var instanceLock = inherited ?? InstanceLock.TryAcquire(files.LockFile);
            if (instanceLock is null)
            {
                return DescribeHolder(files);
            }

            claim = new InstanceClaim(files, instanceLock, inherited is not null);
            if (inherited is null)
            {
                instanceLock.MarkRoot(Environment.ProcessId);
                WriteRecord(files, description);
            }

            PidFile.Write(files.PidFile, Environment.ProcessId);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            claim?.Dispose();
            claim = null;
            var denied = e is UnauthorizedAccessException || (e is NoFollowException n && Errno.IsPermission(n.Error));
            return new ClaimFailure(
                denied ? StartupReason.PermissionDenied : StartupReason.LockUnavailable,
                $"port {files.Port}: PID {Environment.ProcessId} cannot write its files in {files.StateDirectory}: {e.Message}");
        }
    }

    /// <summary>Removes the PID file and the record if they still name this process, and closes the lock.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        PidFile.RemoveIfOwn(_files.PidFile, Environment.ProcessId);

        // The launcher wrote the record of a launched instance. It stays, because it has the restart count.
        if (!_inherited && InstanceRecord.Read(_files.InstanceFile)?.Pid == Environment.ProcessId)
        {
            AtomicFile.TryDelete(_files.InstanceFile);
        }

        _lock.HandOver();
    }

    private static InstanceLock? InheritedLock(DaemonFiles files)
    {
        var value = Environment.GetEnvironmentVariable(DaemonLauncher.LockDescriptorVariable);

        // Children of this process do not inherit the descriptor, so they must not inherit the variable.
        Environment.SetEnvironmentVariable(DaemonLauncher.LockDescriptorVariable, null);
        if (OperatingSystem.IsWindows() || !int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var descriptor))
        {
            return null;
        }

        // The variable may be inherited from a grandparent. Then the descriptor may be any file.
        var isOurs = OperatingSystem.IsLinux()
            ? File.ResolveLinkTarget($"/proc/self/fd/{descriptor}", returnFinalTarget: false) is { } target
                && ProcessTable.Current.HoldsLock(Environment.ProcessId, files.LockFile)
                && Path.GetFileName(target.FullName) == Path.GetFileName(files.LockFile)
            : InstanceLock.IsLocked(descriptor);
        return isOurs ? InstanceLock.Inherited(descriptor) : null;
    }

    private static void WriteRecord(DaemonFiles files, InstanceRecord description)
    {
        if (ProcessTable.Current.Identify(Environment.ProcessId) is not { } self)
        {
            return;
        }

        (description.With(self) with
        {
            InstanceId = InstanceRecord.InstanceIdFor(files.Port, Environment.GetEnvironmentVariable(InstanceRecord.EnvironmentVariable)) ?? "",
            Port = files.Port,
            StartedAt = TimeProvider.System.GetUtcNow(),
        }).Write(files.InstanceFile);
    }

    private static ClaimFailure DescribeHolder(DaemonFiles files)
    {
        var table = ProcessTable.Current;
        var located = new InstanceLocator(table, new InstanceTree(table), ListenerProbe.Current, TimeProvider.System).Locate(files);
        return new ClaimFailure(
            StartupReason.AlreadyRunning,
            located is { Kind: LocatedKind.Instance, Identity: { } identity }
                ? $"port {files.Port} already has a daemon: PID {identity.Pid} holds {files.LockFile}"
                : $"port {files.Port} already has a daemon: {files.LockFile} is held by {located.ProcessList}");
    }
}

/// <summary>Why a daemon could not claim its files: <c>already-running</c> (lock held), <c>permission-denied</c> or <c>lock-unavailable</c>.</summary>
internal sealed record ClaimFailure(StartupReason Reason, string Detail);
