using System.Text.RegularExpressions;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Files;

public sealed class LogPatternTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Log => _directory["log"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Search_LineThatMatches_IsFoundOnceItIsComplete()
    {
        var pattern = Pattern("ready$");
        File.WriteAllText(Log, "starting\r\nis read");
        Assert.False(pattern.Search(default));
        Assert.Equal(1, pattern.Lines);

        File.AppendAllText(Log, "y");
        Assert.False(pattern.Search(default));
        File.AppendAllText(Log, "\r\nready\n");
        Assert.True(pattern.Search(default));
        Assert.Equal(("is ready", 2), (pattern.Found, pattern.Lines));

        File.Delete(Log);
        Assert.True(pattern.Search(default));
    }

    [Fact]
    public void Search_LinesOfAnEarlierStart_DoNotCount()
    {
        File.WriteAllText(Log, "ready\n");
        var pattern = new LogPattern(Log, 6, HealthCheckRules.PatternOf("ready"));
        Assert.False(pattern.Search(default));
        Assert.Equal(0, pattern.Lines);
    }

    [Fact]
    public void Search_LogWasTruncated_BeginsAgain()
    {
        var pattern = Pattern("^ready");
        File.WriteAllText(Log, "a long line\nand a part");
        Assert.False(pattern.Search(default));
        File.WriteAllText(Log, "ready\n");
        Assert.True(pattern.Search(default));
    }

    [Fact]
    public void Search_LineOverTwoBlocks_IsOneLine()
    {
        var pattern = Pattern("^ready now$");
        File.WriteAllText(Log, $"{string.Concat(Enumerable.Repeat("0123456789\n", 5957))}12345\nready now\n");
        Assert.True(pattern.Search(default));
        Assert.Equal(5959, pattern.Lines);
    }

    [Theory]
    [InlineData(8 * 1024, true)]
    [InlineData((8 * 1024) + 1, false)]
    public void Search_LongLine_IsSearchedUpTo8KiB(int end, bool isFound)
    {
        File.WriteAllText(Log, $"{new string('x', end - 1)}!{new string('y', 100_000)}\n");
        Assert.Equal(isFound, Pattern("!").Search(default));
    }

    [Fact]
    public void Search_PatternThatTakesTooLong_IsReportedAndTheNextLineIsSearched()
    {
        var pattern = new LogPattern(Log, 0, new Regex("^(a+)+$|ready", RegexOptions.None, TimeSpan.FromMilliseconds(1)));
        File.WriteAllText(Log, $"{new string('a', 8000)}!\nready\n");
        Assert.True(pattern.Search(default));
        Assert.True(pattern.TookTooLong);
        Assert.Equal("ready", pattern.Found);
    }

    [Fact]
    public void Search_Cancelled_ReadsNothing()
    {
        File.WriteAllText(Log, "ready\n");
        Assert.False(Pattern("ready").Search(new CancellationToken(canceled: true)));
    }

    private LogPattern Pattern(string pattern) => new(Log, 0, HealthCheckRules.PatternOf(pattern));
}
