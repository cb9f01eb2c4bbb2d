using MonitorAspire.Fuzzing.Targets;

namespace MonitorAspire.Fuzzing;

/// <summary>One parser of bytes that another program wrote.</summary>
/// <param name="Name">Name.</param>
/// <param name="Check">Parses the bytes and throws where the parser breaks its contract.</param>
public sealed record FuzzTarget(string Name, Action<byte[]> Check)
{
    /// <summary>The folder of its samples below <c>Corpus</c>. Default <see cref="Name"/>.</summary>
    internal string Corpus { get; init; } = Name;

    /// <summary>How many times longer it takes than most. It is called as many times less often. Default 1.</summary>
    internal int Cost { get; init; } = 1;

    internal static IReadOnlyDictionary<string, FuzzTarget> All { get; } = new FuzzTarget[]
    {
        new("proc-stat", ProcTargets.Stat),
        new("proc-status", ProcTargets.Status),
        new("proc-fdinfo", ProcTargets.DescriptorInfo),
        new("proc-process", ProcTargets.Process) { Cost = 10 },
        new("control-group", ProcTargets.Groups),
        new("proc-limits", ProcTargets.Limits),
        new("proc-net-tcp", ProcTargets.Sockets),
        new("socket-link", ProcTargets.SocketLink),
        new("sock-diag", ProcTargets.SocketDiagnosis),
        new("http-answer", ProbeTargets.Http),
        new("health-body", ProbeTargets.Body),
        new("http-client", ProbeTargets.HttpClient) { Corpus = "http-answer", Cost = 5 },
        new("health", ProbeTargets.Health) { Corpus = "http-answer", Cost = 10 },
        new("notify", ProbeTargets.Notification),
        new("pid-file", FileTargets.PidFile),
        new("record", FileTargets.Record) { Cost = 5 },
        new("definition", FileTargets.Definition) { Cost = 5 },
        new("environment-file", FileTargets.Environment),
        new("log", FileTargets.Log) { Cost = 5 },
        new("log-parts", FileTargets.LogParts) { Cost = 10 },
        new("visible-text", TextTargets.VisibleText),
        new("placeholders", TextTargets.Placeholders),
        new("command-line", TextTargets.CommandLine),
        new("launcher-message", SupervisorTargets.LauncherMessage),
        new("configuration", SupervisorTargets.Configuration) { Cost = 5 },
        new("definition-body", SupervisorTargets.DefinitionBody),
        new("overlay", SupervisorTargets.Overlay) { Cost = 5 },
        new("history", SupervisorTargets.History) { Cost = 5 },
        new("last-event-id", SupervisorTargets.LastEventId),
    }.ToDictionary(t => t.Name);

    internal byte[][] Samples() => [.. SampleFiles().Select(File.ReadAllBytes)];

    internal IEnumerable<string> SampleFiles() => Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Corpus", Corpus)).Order(StringComparer.Ordinal);
}
