using MonitorAspire.Supervision.Daemons;
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

    [Fact]
    public void Tail_FewLines_AreAllOrTheLast()
    {
        File.WriteAllText(_directory["log"], "a\n\nb\nc\n");
        Assert.Equal(["a", "b", "c"], DaemonLog.Tail(_directory["log"]));
        Assert.Equal(["b", "c"], DaemonLog.Tail(_directory["log"], 2));
    }

    [Theory]
    [InlineData(2000, false)]
    [InlineData(2001, true)]
    public void Tail_LongLine_IsCutAfter2000Characters(int length, bool isCut)
    {
        File.WriteAllText(_directory["log"], new string('x', length) + "\n");
        Assert.Equal([new string('x', 2000) + (isCut ? "…" : "")], DaemonLog.Tail(_directory["log"]));
    }

    [Fact]
    public void Tail_LineThatBeganBeforeTheLast64KiB_IsLeftOutUnlessItIsTheOnlyOne()
    {
        File.WriteAllText(_directory["log"], $"{new string('x', 65_530)}\nlast\n\n");
        Assert.Equal(["last"], DaemonLog.Tail(_directory["log"], 5));
        File.WriteAllText(_directory["log"], new string('x', 70_000));
        Assert.Equal(2001, Assert.Single(DaemonLog.Tail(_directory["log"], 5)).Length);
    }

    [Fact]
    public void Tail_LogOfExactly64KiB_KeepsItsFirstLine()
    {
        File.WriteAllText(_directory["log"], $"first\n{new string('\n', 65_530)}");
        Assert.Equal(["first"], DaemonLog.Tail(_directory["log"], 5));
    }

    [Fact]
    public void Tail_LogIsShorterThanTheOffset_IsEmpty()
    {
        File.WriteAllText(_directory["log"], "old\n");
        Assert.Empty(DaemonLog.Tail(_directory["log"], 5, 1000));
    }

    [Fact]
    public void Tail_Directory_IsEmpty() => Assert.Empty(DaemonLog.Tail(_directory.Path));

    [Theory]
    [InlineData(64 * 1024, false)]
    [InlineData((64 * 1024) + 1, true)]
    public void OpenForInstance_LogOfAnEarlierInstance_IsRotatedIfItIsTooLarge(int length, bool isRotated)
    {
        File.WriteAllText(_directory["log"], new string('x', length));

        var (handle, offset) = DaemonLog.OpenForInstance(_directory["log"], new LogPolicy { PartBytes = 64 * 1024 });
        using (handle)
        {
            // It is appended, wherever the position is.
            RandomAccess.Write(handle, "ne"u8, fileOffset: 0);
            RandomAccess.Write(handle, "w"u8, fileOffset: 0);
        }

        if (OperatingSystem.IsLinux())
        {
            Assert.DoesNotContain(Directory.GetFileSystemEntries("/proc/self/fd"), fd => new FileInfo(fd).LinkTarget?.StartsWith(_directory.Path, StringComparison.Ordinal) == true);
        }

        Assert.Equal(isRotated ? 0 : length, offset);
        Assert.Equal(offset + 3, new FileInfo(_directory["log"]).Length);
        Assert.Equal(isRotated, File.Exists(_directory["log.1"]));
    }
}
