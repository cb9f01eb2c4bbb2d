namespace MonitorAspire.Cli.Terminal;

internal readonly record struct Cell(string Text, Tone Tone = Tone.Plain)
{
    public static implicit operator Cell(string? text) => new(text ?? "-");
}

/// <summary>A table whose columns are as wide as their content. Only the colours differ between a terminal and a pipe.</summary>
internal sealed class Table(params string[] headers)
{
    private const string Gap = "  ";
    private readonly List<Cell[]> _rows = [];

    internal void Add(params Cell[] cells) => _rows.Add([.. cells.Select(c => c with { Text = VisibleText.Line(c.Text) })]);

    /// <summary>The lines, headings first.</summary>
    internal IReadOnlyList<string> Render(bool colour)
    {
        var widths = headers.Select((h, i) => _rows.Select(r => r[i].Text.Length).Append(h.Length).Max()).ToArray();
        return [Line([.. headers.Select(h => new Cell(h, Tone.Dim))]), .. _rows.Select(Line)];

        string Line(Cell[] cells) => string.Join(
            Gap,
            cells.Select((c, i) => i == cells.Length - 1
                ? Styles.Apply(c.Text, c.Tone, colour)
                : Styles.Apply(c.Text, c.Tone, colour) + new string(' ', widths[i] - c.Text.Length))).TrimEnd();
    }
}
