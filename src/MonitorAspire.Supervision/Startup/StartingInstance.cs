using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>
/// The process that a start is about. It changes when a daemon forks and leaves its parent: as long as descendants that carry
/// the instance id live, the clean end of the parent is not the end of the instance.
/// </summary>
internal sealed class StartingInstance(EngineParts parts, Cleared cleared, InstanceRecord record, Task<ProcessExit> exited)
{
    internal InstanceRecord Record { get; private set; } = record;

    internal ProcessIdentity Root => Record.Identity!.Value;

    internal string InstanceId => Record.InstanceId;

    internal Task<ProcessExit> Exited { get; private set; } = exited;

    /// <summary>Goes on with a descendant where the root ended cleanly and left one. False when the instance is over.</summary>
    internal bool FollowFork()
    {
        var exit = Exited.Result;
        if (exit.Signal is not null || exit.ExitCode is not (null or 0))
        {
            return false;
        }

        var members = parts.Tree.Members(null, InstanceId);
        if (members.Count == 0)
        {
            return false;
        }

        // Whom the daemon's own PID file names, else who serves the port, else the eldest.
        var named = PidFile.Read(cleared.Files.PidFile).Pid;
        var serving = parts.Listeners.FindOwners(cleared.Spec.Port, [.. members.Select(m => m.Pid)]).SelectMany(l => l.Pids).ToHashSet();
        var next = members.FirstOrDefault(m => m.Pid == named) ?? members.FirstOrDefault(m => serving.Contains(m.Pid)) ?? members[0];
        MoveTo(next.Identity);
        return true;
    }

    /// <summary>Makes another member of the tree the instance: the one that the daemon's own PID file names.</summary>
    internal bool TryMoveTo(int pid)
    {
        if (parts.Tree.Members(Root, InstanceId).FirstOrDefault(m => m.Pid == pid) is not { } member)
        {
            return false;
        }

        MoveTo(member.Identity);
        return true;
    }

    /// <summary>Writes the record with what is known now.</summary>
    internal void Save(DateTimeOffset? verifiedAt = null)
    {
        Record = Record with { VerifiedAt = verifiedAt ?? Record.VerifiedAt };
        Record.Write(cleared.Files.InstanceFile);
    }

    private void MoveTo(ProcessIdentity identity)
    {
        Record = Record with { Pid = identity.Pid, StartTicks = identity.StartTicks, BootId = identity.BootId };
        Exited = ProcessExits.OfOther(identity, parts.Processes);
        Save();
    }
}
