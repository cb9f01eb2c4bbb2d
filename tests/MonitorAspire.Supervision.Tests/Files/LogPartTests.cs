using System.IO.Compression;
using System.Text;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Files;

public sealed class LogPartTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Log => _directory["log"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Compressed_LengthPositionsAndContent_AreThoseOfItsContent()
    {
        var content = string.Concat(Enumerable.Range(0, 30_000).Select(i => $"line {i}\n"));
        Compress(Log + ".1.gz", content);
        using var part = LogPart.TryOpenPart(Log, 1)!;

        Assert.Equal((content.Length, 1), (part.Length, part.Index));
        foreach (var at in (int[])[0, 200_000, 100, content.Length - 10, content.Length])
        {
            var buffer = new byte[10];
            var read = part.Read(buffer, at);
            Assert.Equal(content.Substring(at, Math.Min(10, content.Length - at)), Encoding.UTF8.GetString(buffer, 0, read));
        }

        Assert.Equal(0, part.Read(new byte[10], content.Length + 1));
    }

    [Theory]
    [InlineData("aX", "a", true)] // a copy that is being made
    [InlineData("a", "aX", false)] // the longer one is no copy of the shorter one
    [InlineData("a", "a", true)]
    [InlineData("bX", "a", false)]
    public void BeginsWith_CopyOfItsBeginning_IsOne(string content, string other, bool begins)
    {
        // Longer than what is compared at each end.
        File.WriteAllText(_directory["one"], content.Replace("X", new string('x', 100), StringComparison.Ordinal).Insert(1, new string('.', 20_000)));
        File.WriteAllText(_directory["other"], other.Replace("X", new string('x', 100), StringComparison.Ordinal).Insert(1, new string('.', 20_000)));
        using var one = Open("one");
        using var copy = Open("other");

        Assert.Equal(begins, one.BeginsWith(copy));
    }

    [Fact]
    public void BeginsWith_OnlyTheEndDiffers_IsNoCopy()
    {
        File.WriteAllText(_directory["one"], new string('.', 20_000) + "a");
        File.WriteAllText(_directory["other"], new string('.', 20_000) + "b");
        using var one = Open("one");
        using var other = Open("other");

        Assert.False(one.BeginsWith(other));
    }

    [Fact]
    public void IsCompressedFrom_SameContentAndTime_IsThatOnly()
    {
        File.WriteAllText(_directory["plain"], "content\n");
        File.WriteAllText(_directory["copy"], "content\n");
        Compress(_directory["same.gz"], "content\n");
        Compress(_directory["longer.gz"], "content\nmore\n");
        Compress(_directory["other.gz"], "kontent\n");
        Compress(_directory["later.gz"], "content\n");
        var written = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        foreach (var path in Directory.GetFiles(_directory.Path))
        {
            File.SetLastWriteTimeUtc(path, path == _directory["later.gz"] ? written.AddSeconds(1) : written);
        }

        using var plain = Open("plain");
        foreach (var name in (string[])["copy", "same.gz", "longer.gz", "other.gz", "later.gz"])
        {
            using var part = Open(name);
            Assert.Equal(name == "same.gz", part.IsCompressedFrom(plain));
        }
    }

    // While it is compressed, a part is there twice.
    [Fact]
    public void Part_CompressedAndNot_IsThePlainOne()
    {
        Compress(Log + ".1.gz", "compressed");
        Assert.Equal(FileIdentity.Of(Log + ".1.gz"), LogPart.IdentityOfPart(Log, 1));

        File.WriteAllText(Log + ".1", "plain");

        using var part = LogPart.TryOpenPart(Log, 1)!;
        Assert.Equal(5, part.Length);
        Assert.Equal((FileIdentity.Of(Log + ".1"), part.Identity), (LogPart.IdentityOfPart(Log, 1), FileIdentity.Of(Log + ".1")!.Value));
        Assert.Null(LogPart.IdentityOfPart(Log, 2));
        Assert.Null(LogPart.TryOpenPart(Log, 2));
    }

    [Fact]
    public void TryOpen_NothingThere_IsNoRefusal()
    {
        File.WriteAllText(Log, "");

        Assert.Equal((null, null), (LogPart.TryOpen(_directory["none"], 0, out var refusal), refusal));
        Assert.Equal((null, null), (LogPart.TryOpen(_directory["none/below"], 0, out refusal), refusal));
        Assert.Equal((null, null), (LogPart.TryOpen(Log + "/below", 0, out refusal), refusal));
    }

    [Fact]
    public async Task Descriptors_WhileALogIsFollowedAndAfterwards_AreFewAndNone()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows the descriptors.");
        File.WriteAllText(Log + ".2", "oldest\n");
        File.WriteAllText(Log + ".1.gz", "no gzip");
        File.WriteAllText(Log, "old\n");
        using var output = new MemoryStream();
        using (var follower = new LogFollower(Log))
        {
            await follower.CopyTailAsync(9, output, TestContext.Current.CancellationToken);
            for (var i = 0; i < 5; i++)
            {
                File.AppendAllText(Log, new string('x', 100_000) + "\n");
                Assert.True(LogRotation.Rotate(Log, new LogPolicy { Parts = 9, Compress = true }));
                LogRotation.RotateByRename(Log, new LogPolicy { Parts = 9, Compress = true });
                File.AppendAllText(Log, "new\n");
                await follower.CopyNewAsync(output, TestContext.Current.CancellationToken);
                Assert.InRange(Open().Length, 1, 2);
            }

            // Parts that are not read yet.
            Assert.True(LogRotation.Rotate(Log, new LogPolicy { Parts = 9 }));
        }

        Assert.Empty(Open());

        string[] Open() => [.. Directory.GetFileSystemEntries("/proc/self/fd").Select(fd => new FileInfo(fd).LinkTarget).Where(target => target?.StartsWith(_directory.Path, StringComparison.Ordinal) == true)!];
    }

    private LogPart Open(string name) => LogPart.TryOpen(_directory[name], 0, out _)!;

    private static void Compress(string path, string content)
    {
        using var gzip = new GZipStream(File.Create(path), CompressionLevel.Optimal);
        gzip.Write(Encoding.UTF8.GetBytes(content));
    }
}
