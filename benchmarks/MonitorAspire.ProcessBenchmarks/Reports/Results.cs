using System.Text.Encodings.Web;
using System.Text.Json;

namespace MonitorAspire.ProcessBenchmarks.Reports;

/// <summary>The samples of one figure. The differences and the ratio are to <c>bare</c> in the same run, if that was measured.</summary>
internal sealed record Figure(string Part, string Setting, string Target, string Metric, IReadOnlyList<double> Samples)
{
    public double P50 => Percentile(0.50);

    public double P95 => Percentile(0.95);

    public double Max => Samples.Max();

    public double? P50MinusBare { get; init; }

    public double? P95MinusBare { get; init; }

    public double? P50Ratio { get; init; }

    public Figure Compare(Figure bare) => this with
    {
        P50MinusBare = P50 - bare.P50,
        P95MinusBare = P95 - bare.P95,
        P50Ratio = bare.P50 > 0 && P50 > 0 ? P50 / bare.P50 : null,
    };

    // The nearest rank: always a value that was measured.
    private double Percentile(double part) => Samples.Order().ElementAt((int)Math.Ceiling(part * Samples.Count) - 1);
}

/// <summary>All of one run.</summary>
internal sealed record Results
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public required DateTime At { get; init; }

    public required string Command { get; init; }

    public required string Note { get; init; }

    public required Machine Machine { get; init; }

    public required IReadOnlyDictionary<string, string> Targets { get; init; }

    /// <summary>What was left out, and why.</summary>
    public List<string> Problems { get; init; } = [];

    public List<Figure> Figures { get; init; } = [];

    public void Add(string part, string setting, string target, string metric, IReadOnlyList<double> samples)
    {
        if (samples.Count > 0)
        {
            Figures.Add(new Figure(part, setting, target, metric, samples));
        }
    }

    public Results Compared() => this with
    {
        Figures = [.. Figures.Select(figure =>
            Figures.FirstOrDefault(b => b.Target == Target.Bare && (b.Part, b.Setting, b.Metric) == (figure.Part, figure.Setting, figure.Metric)) is { } bare && figure.Target != Target.Bare
                ? figure.Compare(bare)
                : figure)],
    };

    public void Save(string file) => File.WriteAllText(file, JsonSerializer.Serialize(this, Json));

    public static Results Load(string file) => JsonSerializer.Deserialize<Results>(File.ReadAllText(file), Json)!;
}
