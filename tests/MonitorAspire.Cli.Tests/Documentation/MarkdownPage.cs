using System.Text.RegularExpressions;

namespace MonitorAspire.Cli.Tests.Documentation;

/// <summary>One page: its anchors, links, fenced blocks and tables. It reads as much Markdown as our pages use.</summary>
internal sealed partial class MarkdownPage
{
    private readonly List<(string Heading, int Line)> _headings = [];
    private readonly string[] _lines;
    private readonly bool[] _isCode;

    internal MarkdownPage(string path)
    {
        Path = path;
        _lines = File.ReadAllLines(Repository.PathOf(path));
        _isCode = new bool[_lines.Length];
        ReadBlocks();
        var anchors = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < _lines.Length; i++)
        {
            if (!_isCode[i] && HeadingPattern().Match(_lines[i]) is { Success: true } heading)
            {
                var slug = Slug(heading.Groups[1].Value);
                anchors[slug] = anchors.TryGetValue(slug, out var count) ? count + 1 : 1;
                Anchors.Add(anchors[slug] == 1 ? slug : $"{slug}-{anchors[slug] - 1}");
                _headings.Add((heading.Groups[1].Value.Trim(), i));
            }
        }
    }

    /// <summary>Path relative to the root of the repository.</summary>
    internal string Path { get; }

    internal HashSet<string> Anchors { get; } = new(StringComparer.Ordinal);

    internal List<MarkdownBlock> Blocks { get; } = [];

    internal static IEnumerable<MarkdownPage> All() => Repository.Pages.Select(path => new MarkdownPage(path));

    internal IEnumerable<string> Headings => _headings.Select(h => h.Heading);

    /// <summary>The targets of all links and images.</summary>
    internal IEnumerable<string> Links() => Prose().SelectMany(line => LinkPattern().Matches(CodePattern().Replace(line, ""))).Select(match => match.Groups[1].Value);

    /// <summary>All inline code.</summary>
    internal IEnumerable<string> InlineCode() => Prose().SelectMany(line => CodePattern().Matches(line)).Select(match => match.Groups[1].Value);

    /// <summary>The lines of tables that have another number of cells than the line above: such a cell is not shown, or is missing.</summary>
    internal IEnumerable<string> UnevenRows() =>
        Enumerable.Range(1, _lines.Length - 1)
            .Where(i => IsRow(i - 1) && IsRow(i) && Cells(_lines[i - 1]).Count != Cells(_lines[i]).Count)
            .Select(i => $"{Path}:{i + 1}: {_lines[i]}");

    /// <summary>The rows of all tables between a heading and the next heading, without the header rows.</summary>
    internal IReadOnlyList<IReadOnlyList<string>> Rows(string heading)
    {
        var index = _headings.FindIndex(h => h.Heading == heading);
        Assert.True(index >= 0, $"{Path} has no heading '{heading}'");
        var end = index + 1 < _headings.Count ? _headings[index + 1].Line : _lines.Length;
        var rows = new List<IReadOnlyList<string>>();
        for (var i = _headings[index].Line; i < end; i++)
        {
            if (IsRow(i) && IsRow(i - 1) && !_lines[i].StartsWith("|---", StringComparison.Ordinal))
            {
                rows.Add(Cells(_lines[i]));
            }
        }

        return rows;
    }

    /// <summary>The code in the first column of the tables below a heading.</summary>
    internal IReadOnlyList<string> FirstColumn(string heading) =>
        [.. Rows(heading).SelectMany(row => CodePattern().Matches(row[0])).Select(match => match.Groups[1].Value)];

    public override string ToString() => Path;

    private bool IsRow(int line) => !_isCode[line] && _lines[line].StartsWith('|');

    private static List<string> Cells(string row) =>
        [.. CellPattern().Split(row.Trim().Trim('|')).Select(cell => cell.Trim().Replace("\\|", "|", StringComparison.Ordinal))];

    private IEnumerable<string> Prose() => _lines.Where((_, i) => !_isCode[i]);

    private void ReadBlocks()
    {
        for (var i = 0; i < _lines.Length; i++)
        {
            if (FencePattern().Match(_lines[i]) is not { Success: true } fence)
            {
                continue;
            }

            var first = i + 1;
            var end = Array.FindIndex(_lines, first, line => line.Trim() == "```");
            Assert.True(end >= 0, $"{Path}:{first}: the block has no end");
            var marker = i > 0 ? MarkerPattern().Match(_lines[i - 1]) : Match.Empty;
            var indent = fence.Groups[1].Length;
            Blocks.Add(new MarkdownBlock(
                $"{Path}:{first}",
                fence.Groups[2].Value,
                [.. _lines[first..end].Select(line => line.Length >= indent ? line[indent..] : line)],
                marker.Success ? (marker.Groups[1].Success ? int.Parse(marker.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) : 0) : null));
            Array.Fill(_isCode, true, i, end - i + 1);
            i = end;
        }
    }

    // As GitHub makes anchors.
    private static string Slug(string heading) =>
        string.Concat(heading.Trim().ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-');

    [GeneratedRegex(@"^#{1,6} (.+)$")]
    private static partial Regex HeadingPattern();

    [GeneratedRegex(@"^( *)```(\w+)$")]
    private static partial Regex FencePattern();

    [GeneratedRegex(@"^<!-- runs(?:: (\d+))? -->$")]
    private static partial Regex MarkerPattern();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex LinkPattern();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex CodePattern();

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex CellPattern();
}

/// <summary>A fenced block.</summary>
/// <param name="Place">Page and line, for messages.</param>
/// <param name="Language">What stands after the fence.</param>
/// <param name="Lines">Its lines.</param>
/// <param name="ExitCode">For a block that is run: the exit code of its last command. <see langword="null"/>: it is not run.</param>
internal sealed record MarkdownBlock(string Place, string Language, IReadOnlyList<string> Lines, int? ExitCode)
{
    /// <summary>The commands of a block of <c>sh</c>, and those after <c>$</c> of a block of <c>console</c>, each with the output that is shown below it.</summary>
    internal IReadOnlyList<(string Command, IReadOnlyList<string> Output)> Commands()
    {
        var commands = new List<(string Command, List<string> Output)>();
        var continues = false;
        foreach (var line in Lines)
        {
            if (continues)
            {
                commands[^1] = (commands[^1].Command + " " + line.TrimEnd('\\').Trim(), commands[^1].Output);
            }
            else if (Language == "sh" && !string.IsNullOrWhiteSpace(line))
            {
                commands.Add((line.TrimEnd('\\').Trim(), []));
            }
            else if (Language == "console" && line.StartsWith("$ ", StringComparison.Ordinal))
            {
                commands.Add((line[2..].TrimEnd('\\').Trim(), []));
            }
            else if (Language == "console")
            {
                if (commands.Count > 0)
                {
                    commands[^1].Output.Add(line);
                }

                continue;
            }

            continues = line.EndsWith('\\');
        }

        return [.. commands.Select(c => (c.Command, (IReadOnlyList<string>)c.Output))];
    }
}
