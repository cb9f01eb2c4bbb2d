using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Checks the lock of a port: which process holds it, and whether that is an instance.</summary>
internal static class LockCheck
{
    internal static IEnumerable<FixableFinding> Examine(ExaminedPort port)
    {
        var path = port.Files.LockFile;
        if (port.NotAFile("lock-not-a-file", path) is { } notAFile)
        {
            return [notAFile];
        }

        var name = Path.GetFileName(path);
        return port.Located switch
        {
            { Kind: LocatedKind.Leaked } leaked => [port.Finding(
                "lock-leaked", FindingSeverity.Error, path,
                $"the daemon ({leaked.DeadRoot}) is dead, but other processes of it live{(leaked.LockHeld ? $" and hold {name}" : "")}: {leaked.ProcessList}",
                $"monitor stop --port {port.Number}")],

            { Kind: LocatedKind.Unprovable } unprovable => [port.Finding(
                "lock-unprovable", FindingSeverity.Error, path,
                $"{name} is held by {unprovable.ProcessList}, which is no daemon of ours",
                "find out what that process is, and end it by its own means")],

            { Kind: LocatedKind.Launching, Record: { } record } => [port.Finding(
                "start-under-way", FindingSeverity.Info, path, $"PID {record.LauncherPid} is just starting this daemon", "none needed")],

            { Kind: LocatedKind.Instance, Proof: not "lock", Identity: { } identity } => [port.Finding(
                "lock-not-held", FindingSeverity.Info, path,
                $"the daemon (PID {identity.Pid}) does not hold the lock (it closed it, or we did not launch it); {ProofText.Of(port.Located.Proof)} proves its identity",
                "none needed")],

            _ => [],
        };
    }
}
