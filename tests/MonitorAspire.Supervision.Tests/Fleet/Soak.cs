using System.Diagnostics;
using System.Globalization;

namespace MonitorAspire.Supervision.Tests.Fleet;

/// <summary>The seed, the duration and the report of a soak.</summary>
internal sealed class Soak
{
    /// <summary>A file for the report, because the output of a test that passes is not shown.</summary>
    private const string ReportVariable = "MONITOR_SOAK_REPORT";

    private static readonly Lock ReportLock = new();

    private readonly ITestOutputHelper _output;
    private readonly string _name;
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    public Soak(ITestOutputHelper output, string name)
    {
        _output = output;
        _name = name;
        Seed = Number("MONITOR_SOAK_SEED") ?? System.Random.Shared.Next();
        Random = new Random(Seed);
        Report("begins");
    }

    /// <summary>The seed of the faults. MONITOR_SOAK_SEED sets it.</summary>
    public int Seed { get; }

    public Random Random { get; }

    public TimeSpan Elapsed => _watch.Elapsed;

    public static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var value) ? value : null;

    /// <summary>Adds a line to the output of the test and to the report file.</summary>
    public void Report(string totals)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{_name}: seed {Seed}, {Elapsed.TotalSeconds:0} s: {totals}");
        _output.WriteLine(line);
        if (Environment.GetEnvironmentVariable(ReportVariable) is { Length: > 0 } report)
        {
            lock (ReportLock)
            {
                File.AppendAllText(report, line + "\n");
            }
        }
    }
}
