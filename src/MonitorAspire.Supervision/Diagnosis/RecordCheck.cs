using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Identity.Linux;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Diagnosis;

internal static class RecordCheck
{
    internal static IEnumerable<FixableFinding> Examine(ExaminedPort port)
    {
        var path = port.Files.InstanceFile;
        if (port.NotAFile("record-not-a-file", path, isReplaced: true) is { } notAFile)
        {
            return [notAFile];
        }

        if (Problem(port, Path.GetFileName(path)) is not var (id, problem))
        {
            return [];
        }

        // The record may be removed only where there is no instance.
        return [port.IsAbandoned
            ? port.Finding(id, FindingSeverity.Warning, path, problem, "remove it", () => Remove(port))
            : port.Finding(id, FindingSeverity.Warning, path, problem, $"monitor restart --port {port.Number} writes a new one")];
    }

    private static (string Id, string Problem)? Problem(ExaminedPort port, string name) => port.Located.Record switch
    {
        null when File.Exists(port.Files.InstanceFile) => ("record-unreadable", $"{name} cannot be read as an instance record"),
        null when port.Located is { Kind: LocatedKind.Instance, Identity: { } living } =>
            ("record-missing", $"the record of the daemon (PID {living.Pid}) is lost: its command, health path and restart count are not known"),
        null => null,
        { } record when record.Port != port.Number => ("record-wrong-port", $"{name} is about port {record.Port}"),
        _ when !port.IsAbandoned => null,
        { Identity: null } record => ("record-abandoned", $"{name} is about a start by PID {record.LauncherPid} that did not launch a process"),
        { Identity: { } identity } => identity.BootId != port.Parts.Processes.BootId
            ? ("record-other-boot", $"{name} is about PID {identity.Pid} before the last boot of this machine")
            : ("record-dead", $"{name} is about PID {identity.Pid}, which has ended"),
    };

    private static string Remove(ExaminedPort port) => port.UnderLock(() =>
    {
        var now = InstanceRecord.Read(port.Files.InstanceFile);
        if (now?.Identity is { } identity && now.Port == port.Number && !port.Parts.Processes.IsGone(identity))
        {
            throw new NoLongerSafeException($"PID {identity.Pid} may live");
        }

        ControlGroup.Current.Remove(now);
        File.Delete(port.Files.InstanceFile);
        return $"removed {Path.GetFileName(port.Files.InstanceFile)}";
    });
}
