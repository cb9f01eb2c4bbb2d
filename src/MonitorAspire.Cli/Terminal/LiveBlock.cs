namespace MonitorAspire.Cli.Terminal;

/// <summary>A few lines at the bottom of the terminal that are drawn again and again in the same place.</summary>
internal sealed class LiveBlock(TextWriter output)
{
    private int _lines;

    /// <summary>Draws over what was drawn before, in one write so that nothing flickers.</summary>
    internal void Draw(IReadOnlyList<string> lines)
    {
        // No line may wrap, or the block would be taller than its lines: DECAWM off while it is drawn.
        var text = $"\e[?7l{Back()}{string.Concat(lines.Select(l => $"\e[2K{l}\n"))}\e[0J\e[?7h";
        _lines = lines.Count;
        output.Write(text);
    }

    /// <summary>Writes a line that stays, above the block.</summary>
    internal void WriteAbove(string line, IReadOnlyList<string> block)
    {
        output.Write($"{Back()}\e[2K{line}\n");
        _lines = 0;
        Draw(block);
    }

    private string Back() => _lines > 0 ? $"\e[{_lines}A\r" : "";
}
