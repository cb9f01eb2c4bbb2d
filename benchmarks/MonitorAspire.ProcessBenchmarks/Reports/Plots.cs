using System.Globalization;
using System.Text;

namespace MonitorAspire.ProcessBenchmarks.Reports;

/// <summary>
/// Draws the two plots as SVG. They have a background of their own and follow the reader's colour scheme, so that they are readable in light and
/// in dark mode.
/// </summary>
internal static class Plots
{
    private const int Width = 860;
    private const int Left = 210;
    private const int Right = Width - 40;

    // The colours of Okabe and Ito, which people with colour blindness can tell apart.
    private static readonly string[] Colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6bb1", "#999999"];

    public static void Draw(Results results, string directory)
    {
        var caption = string.Create(CultureInfo.InvariantCulture, $"{results.At:yyyy-MM-dd}, {results.Machine.Cores} cores of {results.Machine.Processor}{(results.Note.Length > 0 ? $", {results.Note}" : "")}");
        Directory.CreateDirectory(directory);
        if (Readiness([.. results.Figures.Where(f => f is { Part: "start", Metric: "ready → said, ms" })], caption) is { } readiness)
        {
            File.WriteAllText(Path.Combine(directory, "benchmark-readiness.svg"), readiness);
        }

        if (Idle([.. results.Figures.Where(f => f.Part == "idle")], caption) is { } idle)
        {
            File.WriteAllText(Path.Combine(directory, "benchmark-idle.svg"), idle);
        }
    }

    // A row for each target; a colour for each time that the daemon needs. The line goes from p50 to p95. The axis is logarithmic.
    private static string? Readiness(IReadOnlyList<Figure> figures, string caption)
    {
        if (figures.Count == 0)
        {
            return null;
        }

        const double Least = 0.1;
        const int Top = 92;
        const int Row = 44;
        var targets = figures.Select(f => f.Target).Distinct().ToList();
        var settings = figures.Select(f => f.Setting).Distinct().ToList();
        var most = Math.Pow(10, Math.Ceiling(Math.Log10(Math.Max(10, figures.Max(f => f.P95)))));
        var bottom = Top + (targets.Count * Row);
        var svg = Begin(bottom + 60, "From \"ready\" to \"said to run\", in milliseconds", $"dot: p50, line: to p95; {caption}");
        for (var tick = Least; tick <= most * 1.001; tick *= 10)
        {
            svg.Append($"<line class=\"grid\" x1=\"{T(X(tick))}\" y1=\"{Top}\" x2=\"{T(X(tick))}\" y2=\"{bottom}\"/><text x=\"{T(X(tick))}\" y=\"{bottom + 18}\" text-anchor=\"middle\">{tick.ToString("0.###", CultureInfo.InvariantCulture)}</text>\n");
        }

        Legend(svg, bottom + 42, [.. settings.Select(s => $"daemon needs {s}")]);
        for (var row = 0; row < targets.Count; row++)
        {
            svg.Append($"<text x=\"{Left - 12}\" y=\"{Top + (row * Row) + (Row / 2) + 4}\" text-anchor=\"end\">{targets[row].Replace("`", "", StringComparison.Ordinal)}</text>\n");
            for (var i = 0; i < settings.Count; i++)
            {
                if (figures.FirstOrDefault(f => f.Target == targets[row] && f.Setting == settings[i]) is not { } figure)
                {
                    continue;
                }

                var y = T(Top + (row * Row) + ((i + 1.0) * Row / (settings.Count + 1)));
                if (figure.P50 < 0)
                {
                    // A logarithmic axis has no place for it.
                    svg.Append($"<text x=\"{Left + 8}\" y=\"{y}\" dy=\"4\" fill=\"{Colours[i]}\" style=\"fill:{Colours[i]}\">{Markdown.Number(-figure.P50)} ms before it is ready</text>\n");
                    continue;
                }

                svg.Append($"<line x1=\"{T(X(figure.P50))}\" y1=\"{y}\" x2=\"{T(X(figure.P95))}\" y2=\"{y}\" stroke=\"{Colours[i]}\" stroke-width=\"3\"/><circle cx=\"{T(X(figure.P50))}\" cy=\"{y}\" r=\"4.5\" fill=\"{Colours[i]}\"/>\n");
            }
        }

        return End(svg);

        double X(double ms) => Left + ((Right - Left) * Math.Log(Math.Max(ms, Least) / Least) / Math.Log(most / Least));
    }

    // Two panels, CPU and memory, over the number of daemons.
    private static string? Idle(IReadOnlyList<Figure> figures, string caption)
    {
        if (figures.Count == 0)
        {
            return null;
        }

        const int Top = 110;
        const int Bottom = 390;
        var targets = figures.Select(f => f.Target).Distinct().ToList();
        var svg = Begin(Bottom + 100, "Cost of a fleet that runs, by its size", $"each supervisor with its usual look at its daemons, see the table; {caption}");
        Panel("CPU s in 30 s", 70, 410);
        Panel("PSS MiB", 500, Right);
        Legend(svg, Bottom + 60, [.. targets], x: 70);
        return End(svg);

        void Panel(string metric, int left, int right)
        {
            var shown = figures.Where(f => f.Metric == metric).ToList();
            var sizes = shown.Select(Size).Distinct().Order().ToList();
            var (widest, highest) = (sizes.Max(), Math.Max(shown.Max(f => f.P50), 0.01));
            var step = Math.Pow(10, Math.Floor(Math.Log10(highest)));
            step = highest / step < 2 ? step / 2 : highest / step > 5 ? step * 2 : step;
            svg.Append($"<text class=\"title\" x=\"{left}\" y=\"{Top - 18}\">{metric}</text>\n");
            for (var tick = 0.0; tick <= highest * 1.001; tick += step)
            {
                svg.Append($"<line class=\"grid\" x1=\"{left}\" y1=\"{T(Y(tick))}\" x2=\"{right}\" y2=\"{T(Y(tick))}\"/><text x=\"{left - 8}\" y=\"{T(Y(tick) + 4)}\" text-anchor=\"end\">{tick.ToString("0.###", CultureInfo.InvariantCulture)}</text>\n");
            }

            foreach (var size in sizes.Prepend(0))
            {
                svg.Append($"<text x=\"{T(X(size))}\" y=\"{Bottom + 20}\" text-anchor=\"middle\">{size}</text>\n");
            }

            svg.Append($"<text x=\"{(left + right) / 2}\" y=\"{Bottom + 36}\" text-anchor=\"middle\">daemons</text>\n");
            for (var i = 0; i < targets.Count; i++)
            {
                var line = shown.Where(f => f.Target == targets[i]).OrderBy(Size).ToList();
                svg.Append($"<polyline fill=\"none\" stroke=\"{Colours[i % Colours.Length]}\" stroke-width=\"2.5\" points=\"{string.Join(' ', line.Select(f => $"{T(X(Size(f)))},{T(Y(f.P50))}"))}\"/>\n");
                line.ForEach(f => svg.Append($"<circle cx=\"{T(X(Size(f)))}\" cy=\"{T(Y(f.P50))}\" r=\"4.5\" fill=\"{Colours[i % Colours.Length]}\"/>\n"));
            }

            double X(double size) => left + ((right - left) * size / widest);

            double Y(double value) => Bottom - ((Bottom - Top) * value / highest);
        }

        static int Size(Figure figure) => int.Parse(figure.Setting.Split(' ')[0], CultureInfo.InvariantCulture);
    }

    private static void Legend(StringBuilder svg, int y, IReadOnlyList<string> names, int x = Left)
    {
        foreach (var (i, name) in names.Index())
        {
            svg.Append($"<circle cx=\"{x}\" cy=\"{y - 4}\" r=\"4.5\" fill=\"{Colours[i % Colours.Length]}\"/><text x=\"{x + 9}\" y=\"{y}\">{name}</text>\n");
            x += 36 + (name.Length * 7);
        }
    }

    private static StringBuilder Begin(int height, string title, string subtitle) => new StringBuilder($$"""
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{Width}} {{height}}" role="img" aria-label="{{title.Replace("\"", "", StringComparison.Ordinal)}}">
        <style>
          text { font: 13px system-ui, sans-serif; fill: #24292f; }
          .title { font-weight: 600; font-size: 15px; }
          .grid { stroke: #d0d7de; }
          .page { fill: #ffffff; stroke: #d0d7de; }
          @media (prefers-color-scheme: dark) {
            text { fill: #e6edf3; }
            .grid { stroke: #3d444d; }
            .page { fill: #0d1117; stroke: #3d444d; }
          }
        </style>
        <rect class="page" x="0.5" y="0.5" width="{{Width - 1}}" height="{{height - 1}}" rx="6"/>
        <text class="title" x="24" y="34">{{title.Replace("\"", "&quot;", StringComparison.Ordinal)}}</text>
        <text x="24" y="56">{{subtitle}}</text>

        """);

    private static string End(StringBuilder svg) => svg.Append("</svg>\n").ToString();

    private static string T(double number) => number.ToString("0.#", CultureInfo.InvariantCulture);
}
