using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Files;

public sealed class LogRotationTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Log => _directory["log"];

    public void Dispose() => _directory.Dispose();

#if !MUTATION
    [Fact]
    public async Task Rotate_WhileADaemonWrites_KeepsEveryLineOnceAndInOrder()
    {
        // Like a daemon, the shell appends to a descriptor that it opened once.
        using var writer = Process.Start("sh", ["-c", $"exec >>{Log}; i=0; while [ $i -lt 120000 ]; do echo $i; i=$((i+1)); done"]);
        while (!writer.HasExited)
        {
            LogRotation.Rotate(Log, new LogPolicy { Parts = 100 }, above: 128 * 1024);
            await Task.Delay(1);
        }

        var all = Enumerable.Range(1, 100).Reverse().Select(i => $"{Log}.{i}").Append(Log).Where(File.Exists).Select(File.ReadAllText).ToList();
        Assert.True(all.Count > 1, "nothing was rotated");
        var numbers = string.Concat(all).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => int.Parse(l, CultureInfo.InvariantCulture));
        Assert.Equal(Enumerable.Range(0, 120000), numbers);
    }
#endif

    [Fact]
    public void Rotate_ManyTimes_KeepsABoundedNumberOfFiles()
    {
        for (var i = 0; i < 10; i++)
        {
            File.AppendAllText(Log, new string('x', 200_000) + "\n");
            Assert.True(LogRotation.Rotate(Log, new LogPolicy { Parts = 3 }, above: 100_000));
        }

        Assert.Equal(4, Directory.GetFiles(_directory.Path).Length);
    }

    [Fact]
    public void Rotate_SmallFile_IsNotChanged()
    {
        File.WriteAllText(Log, "little\n");
        Assert.False(LogRotation.Rotate(Log, new LogPolicy { Parts = 3 }, above: 100));
        Assert.Single(Directory.GetFiles(_directory.Path));
    }

    [Fact]
    public void Rotate_FewerPartsThanBefore_DeletesTheOthers()
    {
        RotateTimes(6, new LogPolicy { Parts = 5 });
        RotateTimes(1, new LogPolicy { Parts = 2 });
        Assert.Equal(["log", "log.1", "log.2"], Names());
    }

    [Fact]
    public void Rotate_NoPartsAreKept_LeavesTheLogAlone()
    {
        RotateTimes(2, new LogPolicy { Parts = 0 });
        Assert.Equal(["log"], Names());
    }

    [Fact]
    public void Rotate_Compress_CompressesAllButTheNewestAndKeepsTheContent()
    {
        var contents = RotateTimes(4, new LogPolicy { Parts = 3, Compress = true });
        Assert.Equal(["log", "log.1", "log.2.gz", "log.3.gz"], Names());
        using var gzip = new GZipStream(File.OpenRead(Log + ".2.gz"), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        Assert.Equal(contents[2], reader.ReadToEnd());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Log + ".2.gz"));
    }

    [Fact]
    public void Rotate_TotalIsReached_DeletesTheOldestButNeverTheNewest()
    {
        RotateTimes(5, new LogPolicy { Parts = 10, TotalBytes = 250_000 });
        Assert.Equal(["log", "log.1", "log.2"], Names());
        RotateTimes(1, new LogPolicy { Parts = 10, TotalBytes = 100 });
        Assert.Equal(["log", "log.1"], Names());
    }

    [Fact]
    public void Rotate_OtherFilesWithTheNameInFront_Stay()
    {
        foreach (var name in (string[])["log.old", "log.1.bak", "log.01", "log.2.gz.tmp"])
        {
            File.WriteAllText(_directory[name], "mine");
        }

        RotateTimes(1, new LogPolicy { Parts = 1 });
        Assert.Equal(["log", "log.01", "log.1", "log.1.bak", "log.2.gz.tmp", "log.old"], Names());
    }

    [Fact]
    public void Rotate_AnotherProcessIsRotating_ChangesNothing()
    {
        File.WriteAllText(Log, "line\n");
        using var other = NoFollowFile.OpenRead(_directory.Path);
        Assert.True(AdvisoryLock.TryLockExclusive(other));
        Assert.False(LogRotation.Rotate(Log, new LogPolicy()));
        AdvisoryLock.Release(other);
        Assert.True(LogRotation.Rotate(Log, new LogPolicy()));
        Assert.Equal("line\n", File.ReadAllText(Log + ".1"));
    }

    [Fact]
    public void RotateIfLarger_LogOfOnePart_IsNotChanged()
    {
        var policy = new LogPolicy { PartBytes = 64 * 1024 };
        File.WriteAllText(Log, new string('x', 64 * 1024));
        Assert.False(LogRotation.RotateIfLarger(Log, policy));

        File.AppendAllText(Log, "x");
        Assert.True(LogRotation.RotateIfLarger(Log, policy));
        Assert.Equal(["log", "log.1"], Names());
    }

    [Fact]
    public void Rotate_NoLogAnEmptyOneOrALink_ChangesNothing()
    {
        Assert.False(LogRotation.Rotate(Log, new LogPolicy()));
        File.WriteAllText(Log, "");
        Assert.False(LogRotation.Rotate(Log, new LogPolicy()));
        Assert.Equal(["log"], Names());

        File.WriteAllText(_directory["other"], "line\n");
        File.CreateSymbolicLink(_directory["link"], _directory["other"]);
        Assert.False(LogRotation.Rotate(_directory["link"], new LogPolicy()));
        Assert.Equal("line\n", File.ReadAllText(_directory["other"]));
    }

    [Fact]
    public void RotateByRename_Log_IsTheNewestPart()
    {
        File.WriteAllText(Log, "new\n");
        File.WriteAllText(Log + ".1", "old\n");
        File.WriteAllText(Log + ".2.gz", "older");

        LogRotation.RotateByRename(Log, new LogPolicy { Parts = 2 });

        Assert.Equal(["log.1", "log.2"], Names());
        Assert.Equal(("new\n", "old\n"), (File.ReadAllText(Log + ".1"), File.ReadAllText(Log + ".2")));
    }

    [Fact]
    public void RotateByRename_PartsAreLimited_DeletesAndCompressesAsWell()
    {
        File.WriteAllText(Log, "new\n");
        File.WriteAllText(Log + ".1", "old\n");
        LogRotation.RotateByRename(Log, new LogPolicy { Parts = 5, Compress = true });
        Assert.Equal(["log.1", "log.2.gz"], Names());

        File.WriteAllText(Log, "newest\n");
        LogRotation.RotateByRename(Log, new LogPolicy { Parts = 0 });
        Assert.Empty(Names());
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(199, false)]
    public void RotateByRename_Total_IsWhatMayStay(int total, bool stays)
    {
        File.WriteAllText(Log, new string('n', 100));
        File.WriteAllText(Log + ".1", new string('o', 100));

        LogRotation.RotateByRename(Log, new LogPolicy { Parts = 5, TotalBytes = total });

        Assert.Equal(stays ? ["log.1", "log.2"] : ["log.1"], Names());
    }

    // The file system can take whole blocks from the front of a file.
    [Theory]
    [InlineData(1)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(131_072)]
    public void Rotate_LengthAtTheEdgeOfABlock_KeepsEachByteOnce(int length)
    {
        var content = string.Concat(Enumerable.Range(0, (length / 10) + 1).Select(i => $"{i:000000000}\n"))[..length];
        File.WriteAllText(Log, content);

        Assert.True(LogRotation.Rotate(Log, new LogPolicy()));

        Assert.Equal(content, File.ReadAllText(Log + ".1") + File.ReadAllText(Log));
    }

    [Fact]
    public void Rotate_Compressed_KeepsTheTimeOfTheLastWrite()
    {
        var written = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        File.WriteAllText(Log, "new\n");
        File.WriteAllText(Log + ".1", "old\n");
        File.SetLastWriteTimeUtc(Log + ".1", written);

        Assert.True(LogRotation.Rotate(Log, new LogPolicy { Parts = 2, Compress = true }));

        Assert.Equal(written, File.GetLastWriteTimeUtc(Log + ".2.gz"));
    }

    private List<string> RotateTimes(int times, LogPolicy policy)
    {
        var contents = new List<string>();
        for (var i = 0; i < times; i++)
        {
            contents.Add(string.Concat(Enumerable.Repeat($"line {i}\n", 14_000)));
            using (var log = new FileStream(Log, FileMode.Create))
            {
                log.Write(System.Text.Encoding.UTF8.GetBytes(contents[^1]));
            }

            // Emptied by hand, so that the part has everything on every file system.
            Assert.True(LogRotation.Rotate(Log, policy));
            if (File.Exists(Log + ".1"))
            {
                File.AppendAllText(Log + ".1", File.ReadAllText(Log));
            }

            File.WriteAllText(Log, "");
        }

        return contents;
    }

    private IEnumerable<string> Names() => Directory.GetFiles(_directory.Path).Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal);
}
