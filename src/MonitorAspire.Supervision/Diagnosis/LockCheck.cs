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
        var holders = port.Located.Holders.Count > 0 ? $"PID {string.Join(", ", port.Located.Holders)}" : "a process that this user may not see";
        return port.Located switch
        {
            { Kind: LocatedKind.Leaked, Identity: { } dead } => [port.Finding(
                "lock-leaked", FindingSeverity.Error, path,
                $"the daemon (PID {dead.Pid}) is dead, but its descendants live and hold {name}: {holders}",
                $"monitor stop --port {port.Number}")],

            { Kind: LocatedKind.Unprovable } => [port.Finding(
                "lock-unprovable", FindingSeverity.Error, path,
                $"{name} is held by {holders}, about which nothing can be proved",
                "find out what that process is, and end it by its own means")],

            { Kind: LocatedKind.Launching, Record: { } record } => [port.Finding(
                "start-under-way", FindingSeverity.Info, path, $"PID {record.LauncherPid} is just starting this daemon", "none needed")],

            { Kind: LocatedKind.Instance, Proof: "record", Identity: { } identity } => [port.Finding(
                "lock-not-held", FindingSeverity.Info, path,
                $"the daemon (PID {identity.Pid}) does not hold the lock (it closed it, or we did not launch it); its record proves its identity",
                "none needed")],

            _ => [],
        };
    }
}
