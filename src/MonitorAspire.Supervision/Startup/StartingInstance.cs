using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>
/// The process that a start is about. It changes when a daemon forks and its parent exits with code 0: the instance goes on in a
/// descendant. The log offset is the length of the log before the process wrote anything.
/// </summary>
internal sealed class StartingInstance(EngineParts parts, ClaimedPort claimed, InstanceRecord record, Task<ProcessExit> exited, long logOffset)
{
    // A process that is forked while the process table is read can be missed. A daemon that forks twice needs two looks.
    private const int LooksForDescendants = 3;

    internal InstanceRecord Record { get; private set; } = record;

    internal ProcessIdentity Root => Record.Identity!.Value;

    internal string InstanceId => Record.InstanceId;

    internal Task<ProcessExit> Exited { get; private set; } = exited;

    /// <summary>The last lines that it wrote into its log.</summary>
    internal IReadOnlyList<string> LogTail() => DaemonLog.Tail(claimed.Files.LogFile, fromOffset: logOffset);

    /// <summary>Goes on with a descendant, where the process exited with code 0 and left one. False when the instance has ended.</summary>
    internal bool TryFollowFork()
    {
        var exit = Exited.Result;
        if (exit.Signal is not null || exit.ExitCode is not (null or 0) || Descendants() is not { Count: > 0 } members)
        {
            return false;
        }

        // The PID in the daemon's own PID file, else the process that serves the port, else the oldest one.
        var named = PidFile.Read(claimed.Files.PidFile).Pid;
        var serving = parts.Listeners.FindOwners(claimed.Spec.Port, [.. members.Select(m => m.Pid)]).SelectMany(l => l.Pids).ToHashSet();
        var next = members.FirstOrDefault(m => m.Pid == named) ?? members.FirstOrDefault(m => serving.Contains(m.Pid)) ?? members[0];
        MoveTo(next.Identity);
        return true;
    }

    /// <summary>Goes on with the member of the tree that the daemon's own PID file names. False where this PID is no member.</summary>
    internal bool TryMoveTo(int pid)
    {
        if (parts.Tree.Members(Root, InstanceId).FirstOrDefault(m => m.Pid == pid) is not { } member)
        {
            return false;
        }

        MoveTo(member.Identity);
        return true;
    }

    /// <summary>Writes the record. By default the instance is not verified yet.</summary>
    internal void Save(DateTimeOffset? verifiedAt = null)
    {
        Record = Record with { VerifiedAt = verifiedAt };
        Record.Write(claimed.Files.InstanceFile);
    }

    /// <summary>The failure of a start whose process has ended.</summary>
    internal StartupFailedException PrematureExit(StartupStage stage)
    {
        var exit = Exited.Result;
        var spec = claimed.Spec;
        var missing = stage switch
        {
            StartupStage.Health => "it was healthy",
            StartupStage.PortBound => $"it listened on port {spec.Port}",
            _ => "it wrote its PID file",
        };
        var other = parts.Ports.Look(claimed.Addresses, spec.Port, null, null).Other;

        // The built-in daemon tells its reason by the exit code.
        var reason = (spec.Command is null ? exit.ExitCode : null) switch
        {
            DaemonExitCodes.CannotBind => StartupReason.PortInUse,
            DaemonExitCodes.NoPermission => StartupReason.PermissionDenied,
            DaemonExitCodes.BadConfiguration => StartupReason.InvalidConfiguration,
            _ => StartupReason.ExitedPrematurely,
        };
        return new StartupFailedException(reason, $"PID {Root.Pid} ended with {exit} before {missing}{(other is null ? "" : $"; the port is taken by {other}")}")
        {
            ExitCode = exit.ExitCode,
            Signal = exit.Signal,
            Owner = other,
        };
    }

    // Processes with the instance id; else those that hold the lock without being our own children. Another start of this process may be
    // between fork and exec, and then its child has a copy of our descriptor for a moment.
    private IReadOnlyList<ProcessInfo> Descendants()
    {
        for (var look = 0; look < LooksForDescendants; look++)
        {
            if (parts.Tree.Members(null, InstanceId) is { Count: > 0 } members)
            {
                return members;
            }

            var holders = parts.Processes.LockHolders(claimed.Files.LockFile).Where(pid => pid != Environment.ProcessId).Select(parts.Processes.Describe)
                .OfType<ProcessInfo>().Where(p => !p.IsZombie && p.ParentPid != Environment.ProcessId).ToList();
            if (holders.Count > 0)
            {
                return holders;
            }
        }

        return [];
    }

    private void MoveTo(ProcessIdentity identity)
    {
        Record = Record.With(identity);
        Exited = ProcessExits.OfOther(identity, parts.Processes);
        Save();
    }
}
