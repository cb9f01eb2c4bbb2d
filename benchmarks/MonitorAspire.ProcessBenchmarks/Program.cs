using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using MonitorAspire.ProcessBenchmarks;
using MonitorAspire.ProcessBenchmarks.Fleets;
using MonitorAspire.ProcessBenchmarks.Parts;
using MonitorAspire.ProcessBenchmarks.Reports;

[assembly: SupportedOSPlatform("linux")]

Options options;
try
{
    if (args is ["--help" or "-h"])
    {
        Console.WriteLine(Options.Help);
        return 0;
    }

    options = Options.Read(args);
}
catch (FormatException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}

if (options.Plot is { } file)
{
    Plots.Draw(Results.Load(file), options.Images);
    return 0;
}

var names = options.Targets ?? Target.Names;
foreach (var name in names.Where(name => options.Publish && Target.IsOurs(name)))
{
    Ours.Publish(name);
}

var targets = names.Select(Target.Find).OfType<Target>().ToList();
var results = new Results
{
    At = DateTime.UtcNow,
    Command = $"dotnet run -c Release --project benchmarks/MonitorAspire.ProcessBenchmarks -- {string.Join(' ', args.Select(a => a.Contains(' ', StringComparison.Ordinal) ? $"\"{a}\"" : a))}".TrimEnd(' ', '-'),
    Note = options.Note,
    Machine = Machine.Current(),
    Targets = targets.ToDictionary(t => t.Name, t => t.Version),
};
results.Problems.AddRange((options.Targets ?? names.Where(Target.IsOurs)).Except(targets.Select(t => t.Name))
    .Select(name => Target.IsOurs(name) ? $"{name} is not published, see --publish" : $"{name} is not installed"));

using (var workspace = new Workspace())
{
    void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        Fleet.DisposeAll();
        workspace.Dispose();
        Environment.Exit(128 + 15);
    }

    using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    var run = new Run(options, targets, workspace, results, Save);
    var parts = new Dictionary<string, Action<Run>>
    {
        ["start"] = StartPart.Measure,
        ["fleet"] = FleetPart.Measure,
        ["kill"] = KillPart.Measure,
        ["idle"] = IdlePart.Measure,
        ["builtin"] = BuiltInPart.Measure,
        ["cli"] = CommandLinePart.Measure,
        ["soak"] = SoakPart.Measure,
    };
    foreach (var part in options.Parts)
    {
        parts[part](run);
    }
}

Console.WriteLine(Markdown.Write(results.Compared()));
return results.Problems.Count == 0 ? 0 : 1;

void Save()
{
    var compared = results.Compared();
    Directory.CreateDirectory(options.Output);
    compared.Save(Path.Combine(options.Output, "results.json"));
    File.WriteAllText(Path.Combine(options.Output, "results.md"), Markdown.Write(compared));
}
