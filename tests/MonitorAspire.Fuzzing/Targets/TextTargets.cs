using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using MonitorAspire.Cli;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Fuzzing.Targets;

/// <summary>Text of people and of programs.</summary>
internal static class TextTargets
{
    private static readonly CliConsole Console = new(TextWriter.Null, TextWriter.Null, default, default);

    // U+202E is <U+202E>: eight characters for one.
    private const int LongestExpansion = 9;

    internal static void VisibleText(byte[] content)
    {
        // As UTF-16 as well: then it has halves of pairs.
        foreach (var text in (string[])[Encoding.UTF8.GetString(content), new string(MemoryMarshal.Cast<byte, char>(content))])
        {
            var visible = MonitorAspire.Supervision.Daemons.VisibleText.Of(text);
            AssertVisible(visible, mayHaveTabs: true);
            Assert.True(visible.Length <= LongestExpansion * text.Length);
            Assert.Equal(visible, MonitorAspire.Supervision.Daemons.VisibleText.Of(visible));
            AssertVisible(MonitorAspire.Supervision.Daemons.VisibleText.Line(text), mayHaveTabs: false);
        }
    }

    internal static void Placeholders(byte[] content)
    {
        var text = Encoding.UTF8.GetString(content);
        Assert.Equal(text, MonitorAspire.Supervision.Daemons.Placeholders.Fill(MonitorAspire.Supervision.Daemons.Placeholders.Quote(text), _ => "replaced"));
        Assert.Single(Secrets.HideByName([text]));
    }

    /// <summary>A command line, one argument in a line. It is parsed and not run.</summary>
    internal static void CommandLine(byte[] content)
    {
        var arguments = Encoding.UTF8.GetString(content).Split('\n');
        foreach (var argument in arguments)
        {
            if (Durations.TryParse(argument, out var duration))
            {
                Assert.InRange(duration, TimeSpan.Zero, TimeSpan.FromDays(1));
            }
        }

        using var interrupts = new Interrupts(CancellationToken.None);
        var parsed = MonitorCommand.Create(new CliContext(Console), interrupts).Parse(arguments, MonitorProgram.Parsing);
        if (UsageErrors.Find(parsed) is not { } wrong)
        {
            // With --help the rest of the line may be wrong.
            if (parsed.Errors.Count > 0 || arguments.Any(a => a is "--help" or "-h" or "-?"))
            {
                return;
            }

            foreach (var option in parsed.CommandResult.Command.Options.OfType<System.CommandLine.Option<int>>().Where(o => o.Name == "--port"))
            {
                Assert.InRange(parsed.GetValue(option), 1, 65535);
            }
        }
        else
        {
            Assert.NotEmpty(wrong);
        }
    }

    internal static void AssertVisible(string text, bool mayHaveTabs)
    {
        foreach (var c in text.EnumerateRunes())
        {
            Assert.False(Rune.IsControl(c) && !(mayHaveTabs && c.Value == '\t'), $"U+{c.Value:X4}");
            Assert.False(Rune.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator, $"U+{c.Value:X4}");
        }

        // No half of a pair: such text is not valid in UTF-8, JSON and protobuf.
        Assert.Equal(text, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)));
    }
}
