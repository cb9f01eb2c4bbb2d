using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Files;

public class FileCacheTests
{
    private int _reads;

    [Fact]
    public void Read_SettledFile_IsReadOnce()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells the version of a file.");
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["f"], "1");
        var cache = New(directory["f"], after: TimeSpan.FromSeconds(1));

        Assert.Equal(["1", "1", "1"], Enumerable.Range(0, 3).Select(_ => cache.Read(directory["f"])));
        Assert.Equal(1, _reads);
    }

    [Fact]
    public void Read_FileChangedJustNow_IsReadEachTime()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["f"], "1");
        var cache = New(directory["f"], after: TimeSpan.FromMilliseconds(1));

        Assert.Equal(["1", "1"], Enumerable.Range(0, 2).Select(_ => cache.Read(directory["f"])));
        Assert.Equal(2, _reads);
    }

    [Theory]
    [InlineData("replaced")]
    [InlineData("rewritten")]
    [InlineData("mode")]
    [InlineData("deleted")]
    [InlineData("link")]
    public void Read_ChangedFile_IsReadAgain(string change)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes.");
        using var directory = new TemporaryDirectory();
        var path = directory["f"];
        File.WriteAllText(path, "1");
        var cache = New(path, after: TimeSpan.FromSeconds(1));
        Assert.Equal("1", cache.Read(path));

        switch (change)
        {
            case "replaced":
                AtomicFile.Write(path, "2"u8.ToArray());
                break;
            case "rewritten":
                File.WriteAllText(path, "2");
                break;
            case "mode" when !OperatingSystem.IsWindows():
                File.SetUnixFileMode(path, UnixFileMode.UserRead);
                break;
            case "deleted":
                File.Delete(path);
                break;
            default:
                File.Move(path, directory["g"]);
                File.CreateSymbolicLink(path, directory["g"]);
                break;
        }

        Assert.Equal(change is "deleted" ? null : change is "mode" or "link" ? "1" : "2", cache.Read(path));
        Assert.Equal(2, _reads);
    }

    // The clock of the cache stands at so long after the last change of the file, and only the clock says whether a file is settled.
    private FileCache<string?> New(string path, TimeSpan after)
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(new DateTimeOffset(File.GetLastWriteTimeUtc(path)) + after);
        return new(
            p =>
            {
                _reads++;
                return File.Exists(p) ? File.ReadAllText(p) : null;
            },
            time);
    }
}
