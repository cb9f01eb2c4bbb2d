using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Startup;

/// <summary>
/// Removes what killed applications have left in a state directory. Their ports were often random, so no later start uses these files and
/// removes them.
/// </summary>
internal static class AbandonedFiles
{
    /// <summary>A younger lock may belong to a start that is under way.</summary>
    private static readonly TimeSpan YoungestLock = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Removes the files of dead instances that another program launched, and the free locks of ports that have no other file. What cannot be
    /// removed stays.
    /// </summary>
    internal static void Remove(string stateDirectory, TimeProvider time)
    {
        try
        {
            foreach (var files in KnownDaemons.Ports(stateDirectory).Select(port => new DaemonFiles(stateDirectory, port)))
            {
                if (File.Exists(files.LockFile) && TrustedPath.WhyNot(files) is null)
                {
                    Remove(files, time);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The supervisor says at its start that it cannot use the directory.
        }
    }

    private static void Remove(DaemonFiles files, TimeProvider time)
    {
        if (!IsAbandoned(files, time) || InstanceLock.TryAcquire(files.LockFile) is not { } held)
        {
            return;
        }

        using (held)
        {
            // Read again: only the holder of the lock may believe it.
            if (!IsAbandoned(files, time))
            {
                return;
            }

            if (InstanceRecord.Read(files.InstanceFile) is { Pid: var pid })
            {
                PidFile.RemoveIfOwn(files.PidFile, pid);
                AtomicFile.TryDelete(files.InstanceFile);
            }

            if (!HasOtherFiles(files))
            {
                held.DisposeAndDelete(files.LockFile);
            }
        }
    }

    private static bool IsAbandoned(DaemonFiles files, TimeProvider time) => InstanceRecord.Read(files.InstanceFile) is { } record
        ? record.Identity is { } identity && InstanceRecord.HasLauncher(record.InstanceId) && !ProcessTable.Current.IsAlive(identity)
        : !HasOtherFiles(files) && time.GetUtcNow() - File.GetLastWriteTimeUtc(files.LockFile) > YoungestLock;

    private static bool HasOtherFiles(DaemonFiles files) =>
        Directory.EnumerateFiles(files.StateDirectory).Any(path => DaemonFiles.IsOf(files.Port, path) && !string.Equals(path, files.LockFile, StringComparison.Ordinal));
}
