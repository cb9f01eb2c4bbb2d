using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Files;

public sealed class PendingFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Target => _directory["file"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Write_NotCommitted_IsAPrivateTemporaryFileThatGoes()
    {
        File.WriteAllText(Target, "old");
        var before = File.GetUnixFileMode(Target);
        using (PendingFile.Write(Target, "new"u8.ToArray()))
        {
            var temporary = Assert.Single(Directory.GetFiles(_directory.Path), path => path != Target);
            Assert.Matches($"/file\\.{Environment.ProcessId}-[0-9a-f]{{8}}\\.tmp$", temporary);
            Assert.Equal(("new", "old"), (File.ReadAllText(temporary), File.ReadAllText(Target)));
            if (!OperatingSystem.IsWindows())
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(temporary));
            }
        }

        Assert.Equal([Target], Directory.GetFiles(_directory.Path));
        Assert.Equal(("old", before), (File.ReadAllText(Target), File.GetUnixFileMode(Target)));
    }

    [Fact]
    public void Commit_LinkIsThere_IsReplacedAndNotFollowed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege");
        File.WriteAllText(_directory["other"], "old");
        File.CreateSymbolicLink(Target, _directory["other"]);

        AtomicFile.Write(Target, "new"u8.ToArray());

        Assert.Equal(("new", "old"), (File.ReadAllText(Target), File.ReadAllText(_directory["other"])));
        Assert.Null(new FileInfo(Target).LinkTarget);
        Assert.Equal(2, Directory.GetFiles(_directory.Path).Length);
    }

    [Fact]
    public void Write_Fails_LeavesNothing()
    {
        Assert.Throws<IOException>(() => PendingFile.Write(Target, stream =>
        {
            stream.WriteByte(1);
            throw new IOException("no space");
        }));
        Assert.Throws<DirectoryNotFoundException>(() => AtomicFile.Write(_directory["none/file"], []));

        Assert.Empty(Directory.GetFiles(_directory.Path));
    }

    [Fact]
    public void TryDelete_FileNoneOrDirectory_TellsWhetherItIsGone()
    {
        File.WriteAllText(Target, "");
        Assert.True(AtomicFile.TryDelete(Target));
        Assert.True(AtomicFile.TryDelete(Target));
        Assert.False(AtomicFile.TryDelete(_directory.Path));
        Assert.False(File.Exists(Target));
    }
}
