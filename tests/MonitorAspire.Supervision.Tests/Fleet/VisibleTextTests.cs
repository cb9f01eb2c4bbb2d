using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervision.Tests.Fleet;

public sealed class VisibleTextTests
{
    [Theory]
    [InlineData("plain ASCII, ünïcödé, 漢字 and 😀", "plain ASCII, ünïcödé, 漢字 and 😀")]
    [InlineData("a\tb", "a\tb")]
    [InlineData("\u001b[31mred\u0007\r\n", "\uFFFD[31mred\uFFFD\uFFFD\uFFFD")]
    [InlineData("\u009b31m", "\uFFFD31m")]
    [InlineData("user\u202Egnp.exe", "user<U+202E>gnp.exe")]
    [InlineData("a\u202A\u202B\u202C\u202D\u2066\u2067\u2068\u2069", "a<U+202A><U+202B><U+202C><U+202D><U+2066><U+2067><U+2068><U+2069>")]
    [InlineData("one\u2028two\u2029three", "one<U+2028>two<U+2029>three")]
    [InlineData("in\u200Bvis\u200C\u200D\u200E\u200F\u2060\uFEFFible", "in<U+200B>vis<U+200C><U+200D><U+200E><U+200F><U+2060><U+FEFF>ible")]
    [InlineData("tag\U000E0041\U000E007F\U000E0000", "tag<U+E0041><U+E007F><U+E0000>")]
    public void Of_ControlAndFormatCharacters_AreMadeVisible(string text, string expected) => Assert.Equal(expected, VisibleText.Of(text));

    [Fact]
    public void Line_LineBreaksAndTabs_BecomeSpaces() => Assert.Equal("a b  c d<U+202E>", VisibleText.Line("a\nb\r\nc\td\u202E"));

    [Fact]
    public void Of_HalfOfAPair_IsReplaced() => Assert.Equal("a\uFFFDb\u0001".Replace('\u0001', '\uFFFD'), VisibleText.Of("a\uD83Db\u0001"));

    [Fact]
    public void Of_HalfOfAPairInVisibleText_IsReplacedAsWell() => Assert.Equal("a\uFFFD…", VisibleText.Of("a\uD83D…"));
}
