using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Supervisor.Hosting;

/// <summary>Deletes the files of supervisors whose port the system selected: their own at the end, and those of supervisors that were killed
/// at the next start of any such supervisor. So they do not pile up.</summary>
internal static class TemporaryFiles
{
    /// <summary>Locks are taken and deleted only by the holder of this lock, which is never deleted. So no process locks a deleted file.</summary>
    private const string GateFile = "cleaning.lock";

    private static readonly TimeSpan GateTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan GateInterval = TimeSpan.FromMilliseconds(10);

    /// <summary>Deletes the files of supervisors that have ended. The caller takes its own lock before it disposes of the result, which is
    /// <see langword="null"/> if another process cleans for too long; then nothing was deleted.</summary>
    internal static async Task<IDisposable?> CleanAsync(SupervisorFiles own)
    {
        var began = TimeProvider.System.GetTimestamp();
        InstanceLock? gate;
        while ((gate = InstanceLock.TryAcquire(Path.Combine(own.Directory, GateFile))) is null)
        {
            if (TimeProvider.System.GetElapsedTime(began) > GateTimeout)
            {
                return null;
            }

            await Task.Delay(GateInterval, TimeProvider.System);
        }

        foreach (var path in Directory.EnumerateFiles(own.Directory, $"{SupervisorFiles.Prefix}*.lock").Where(path => path != own.Lock).ToList())
        {
            // A supervisor that was killed on this port is started again with its files.
            using var ended = TryAcquire(path);
            if (ended is not null)
            {
                DeleteAll(path);
            }
        }

        return gate;
    }

    /// <summary>Deletes the files of this supervisor, which holds its lock. Another one that cleans now deletes the lock later.</summary>
    internal static void Delete(SupervisorFiles own)
    {
        using var gate = TryAcquire(Path.Combine(own.Directory, GateFile));
        if (gate is not null)
        {
            DeleteAll(own.Lock);
        }
    }

    private static void DeleteAll(string lockFile)
    {
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(lockFile)!, $"{Path.GetFileNameWithoutExtension(lockFile)}.*").ToList())
        {
            AtomicFile.TryDelete(file);
        }
    }

    private static InstanceLock? TryAcquire(string path)
    {
        try
        {
            return InstanceLock.TryAcquire(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
