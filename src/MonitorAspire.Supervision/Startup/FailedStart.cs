using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Startup;

/// <summary>Cleans up after a start that failed: stops the process tree, removes the files of this start and frees the lock.</summary>
internal sealed class FailedStart(EngineParts parts, TimeSpan gracePeriod)
{
    private static readonly TimeSpan KillTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Cleans up and disposes of the lock. Returns the PIDs of the members that could not be stopped, and the last lines of the log.</summary>
    internal async Task<(IReadOnlyList<int> Survivors, IReadOnlyList<string> LogTail)> CleanUpAsync(ClaimedPort claimed, StartingInstance? instance)
    {
        var files = claimed.Files;
        IReadOnlyList<int> survivors = [];
        IReadOnlyList<string> logTail = [];
        if (instance is not null)
        {
            // Read before the stop, so that it ends with the daemon's own message and not with its reaction to SIGTERM.
            logTail = instance.LogTail();
            var stopped = await parts.Stopper.StopAsync(instance.Signs, new(claimed.Spec.StopMode, claimed.Spec.StopSignal), gracePeriod, KillTimeout, CancellationToken.None).ConfigureAwait(false);
            survivors = [.. stopped.Survivors.Select(s => s.Pid)];
            logTail = logTail.Count > 0 ? logTail : instance.LogTail();

            // There was none after the preflight, so this start's tree has written it.
            if (PidFile.Read(files.PidFile).State is PidFileState.Valid or PidFileState.Empty or PidFileState.Malformed)
            {
                AtomicFile.TryDelete(files.PidFile);
            }
        }

        parts.Notifications.Close(files.Port);
        if (survivors.Count == 0)
        {
            InstanceRecord.TryRemove(files.InstanceFile);
            claimed.Lock.Dispose();
        }
        else
        {
            // Lock and record stay with the survivors: they prove later which processes these are.
            claimed.Dispose();
        }

        return (survivors, logTail);
    }
}
