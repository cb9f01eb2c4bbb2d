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
    internal InstanceRecord Record { get; private set; } = record;

    internal ProcessIdentity Root => Record.Identity!.Value;

    /// <summary>What its members are recognised by. This process is its launcher and no member.</summary>
    internal InstanceSigns Signs => new(Root, Record.InstanceId, claimed.Files.LockFile, ControlGroup: Record.ControlGroup);

    internal Task<ProcessExit> Exited { get; private set; } = exited;

    /// <summary>Completes when it is in its control group, with <see langword="null"/>, or with the reason why it has none.</summary>
    internal required Task<string?> WhyNotInGroup { get; init; }

    /// <summary>Goes on without a control group.</summary>
    internal void LeaveGroup() => Record = Record with { ControlGroup = null };

    /// <summary>The last lines that it wrote into its log.</summary>
    internal IReadOnlyList<string> LogTail() => DaemonLog.Tail(claimed.Files.LogFile, fromOffset: logOffset);

    /// <summary>Goes on with a descendant, where the process exited with code 0 and left one. False when the instance has ended.</summary>
    internal bool TryFollowFork()
    {
        var exit = Exited.Result;
        if (exit.Signal is not null || exit.ExitCode is not (null or 0) || parts.Tree.Members(Signs) is not { Count: > 0 } members)
        {
            return false;
        }

        // The PID in the daemon's own PID file, else the process that serves the port, else the oldest one.
        var named = PidFile.Read(claimed.Files.PidFile).Pid;
        var serving = parts.Listeners.FindOwners(claimed.Spec.Port, [.. members.Select(m => m.Pid)]).SelectMany(l => l.Pids).ToHashSet();
        var next = members.FirstOrDefault(m => m.Pid == named) ?? members.FirstOrDefault(m => serving.Contains(m.Pid)) ?? members[0];
        ForkedFrom ??= Root.Pid;
        MoveTo(next.Identity);
        return true;
    }

    /// <summary>The process that was spawned, if it has ended and left the instance to another one.</summary>
    internal int? ForkedFrom { get; private set; }

    /// <summary>What keeps the daemon in the foreground, if it went into the background; otherwise <see langword="null"/>.</summary>
    internal string? ForegroundHint =>
        claimed.Spec.Command is { } command && (ForkedFrom is not null || (Exited.IsCompletedSuccessfully && Exited.Result.ExitCode == 0))
            ? ForegroundOption.Hint(command)
            : null;

    /// <summary>
    /// Goes on with the member of the tree that the daemon's own PID file names. In a container that may be the PID of its own PID namespace.
    /// False where this PID is no member.
    /// </summary>
    internal bool TryMoveTo(int pid)
    {
        if (parts.Tree.MemberKnownAs(Signs, pid) is not { } member)
        {
            return false;
        }

        if (member.Identity != Root)
        {
            MoveTo(member.Identity);
        }

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
            _ when stage == StartupStage.PortBound || spec.EffectivePidFileWriter == PidFileWriter.Launcher => $"it listened on port {spec.Port}",
            _ => "it wrote its PID file",
        };
        var other = parts.Ports.Look(claimed.Addresses, spec.Port, null).Other;

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

    private void MoveTo(ProcessIdentity identity)
    {
        Record = Record.With(identity);
        Exited = ProcessExits.OfOther(identity, parts.Processes);
        Save();
    }
}
