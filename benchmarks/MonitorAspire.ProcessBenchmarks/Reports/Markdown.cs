using System.Globalization;
using System.Text;

namespace MonitorAspire.ProcessBenchmarks.Reports;

/// <summary>One table for each part: a row for each setting and target, a column for each metric.</summary>
internal static class Markdown
{
    public static string Write(Results results)
    {
        var text = new StringBuilder();
        var machine = results.Machine;
        text.Append(CultureInfo.InvariantCulture, $"{results.At:yyyy-MM-dd HH:mm} UTC, {machine.Cores} cores of {machine.Processor}, {machine.MemoryGiB} GiB, {machine.Kernel}, {machine.Runtime}, commit {machine.Commit}, load before the run {machine.LoadBefore}{(results.Note.Length > 0 ? $", {results.Note}" : "")}.\n\n");
        text.Append(CultureInfo.InvariantCulture, $"    {results.Command}\n\n");
        text.Append("Targets: ").AppendJoin("; ", results.Targets.Select(t => $"{t.Key} ({t.Value})")).Append(".\n");
        text.Append("A cell is p50 / p95 or one value, and in parentheses the difference to `bare` of the same run (p50 / p95) and the ratio of the p50.\n");
        foreach (var problem in results.Problems)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n**Not measured:** {problem}\n");
        }

        foreach (var part in results.Figures.GroupBy(f => f.Part))
        {
            var metrics = part.Select(f => f.Metric).Distinct().ToList();
            text.Append(CultureInfo.InvariantCulture, $"\n### {part.Key}\n\n| setting | target | n |");
            metrics.ForEach(metric => text.Append(CultureInfo.InvariantCulture, $" {metric} |"));
            text.Append("\n|---|---|---|").Insert(text.Length, "---|", metrics.Count).Append('\n');
            foreach (var row in part.GroupBy(f => (f.Setting, f.Target)).OrderBy(row => part.Select(f => f.Setting).Distinct().ToList().IndexOf(row.Key.Setting)))
            {
                text.Append(CultureInfo.InvariantCulture, $"| {row.Key.Setting} | {row.Key.Target} | {row.Max(f => f.Samples.Count)} |");
                metrics.ForEach(metric => text.Append(CultureInfo.InvariantCulture, $" {Cell(row.FirstOrDefault(f => f.Metric == metric))} |"));
                text.Append('\n');
            }
        }

        return text.ToString();
    }

    internal static string Number(double value) => Math.Abs(value) switch
    {
        >= 100 => value.ToString("0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.ToString("0.00", CultureInfo.InvariantCulture),
    };

    private static string Cell(Figure? figure)
    {
        if (figure is null)
        {
            return "-";
        }

        var several = figure.Samples.Count > 1;
        var value = several ? $"{Number(figure.P50)} / {Number(figure.P95)}" : Number(figure.P50);
        if (figure.P50MinusBare is not { } difference)
        {
            return value;
        }

        var differences = several ? $"{Signed(difference)} / {Signed(figure.P95MinusBare!.Value)}" : Signed(difference);
        return figure.P50Ratio is { } ratio ? $"{value} ({differences}; ×{Number(ratio)})" : $"{value} ({differences})";
    }

    private static string Signed(double value) => $"{(value < 0 ? "-" : "+")}{Number(Math.Abs(value))}";
}
