using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Files;

public sealed class DaemonLogTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Tail_OfALargeLog_IsBoundedAndWithoutControlCharacters()
    {
        File.WriteAllText(_directory["log"], string.Concat(Enumerable.Repeat("noise\n", 100_000)) + "\u001b[31mred\u0007\nlast\r\n");
        Assert.Equal(["noise", "\uFFFD[31mred\uFFFD", "last"], DaemonLog.Tail(_directory["log"], 3));
    }

    [Fact]
    public void Tail_FromAnOffset_ContainsOneStartOnly()
    {
        File.WriteAllText(_directory["log"], "old\n");
        File.AppendAllText(_directory["log"], "new\n");
        Assert.Equal(["new"], DaemonLog.Tail(_directory["log"], 10, 4));
        Assert.Empty(DaemonLog.Tail(_directory["missing"], 10));
    }
}
