using System.Diagnostics;
using System.Globalization;

namespace MonitorAspire.Supervision.Tests.Fleet;

/// <summary>How long a soak lasts, what its chance is made of, and where its totals are told.</summary>
internal sealed class Soak
{
    /// <summary>The gate prints what is in this file: the output of a test that passes is seen nowhere else.</summary>
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
        Tell("begins");
    }

    /// <summary>MONITOR_SOAK_SEED repeats a choice of faults.</summary>
    public int Seed { get; }

    public Random Random { get; }

    public TimeSpan Elapsed => _watch.Elapsed;

    public static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var value) ? value : null;

    /// <summary>One line for whoever reads the output of the test or of the gate.</summary>
    public void Tell(string totals)
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
