using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>One of the files of a daemon.</summary>
/// <param name="Kind"><c>pid-file</c>, <c>lock</c>, <c>record</c> or <c>log</c>.</param>
/// <param name="Path">Absolute path.</param>
/// <param name="State">Its state: <c>ok</c>, <c>missing</c>, <c>held</c>, <c>free</c>, <c>stale</c> and the like.</param>
/// <param name="Bytes">Its size in bytes; <see langword="null"/> where there is no such file.</param>
public sealed record DiagnosedFile(string Kind, string Path, string State, long? Bytes)
{
    internal const string Log = "log";

    private const string Missing = "missing";

    internal static IReadOnlyList<DiagnosedFile> Of(DaemonFiles files, DaemonInspection? seen) =>
    [
        Of("pid-file", files.PidFile, _ => seen?.PidFileState ?? "present"),
        Of("lock", files.LockFile, _ => seen is null ? "present" : seen.LockHeld ? "held" : "free"),
        Of("record", files.InstanceFile, path => InstanceRecord.Read(path) is null ? "unreadable" : "ok"),
        Of(Log, files.LogFile, _ => "ok"),
    ];

    private static DiagnosedFile Of(string kind, string path, Func<string, string> state)
    {
        var size = Size(path);
        return new DiagnosedFile(kind, path, size is null ? Missing : state(path), size);
    }

    private static long? Size(string path)
    {
        try
        {
            return new FileInfo(path) is { Exists: true } file ? file.Length : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
