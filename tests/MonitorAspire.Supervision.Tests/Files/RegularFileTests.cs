using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Files;

public sealed class RegularFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void WhyNot_FileOrALinkToOne_IsOne()
    {
        File.WriteAllText(_directory["file"], "");
        File.CreateSymbolicLink(_directory["link"], _directory["file"]);
        File.CreateSymbolicLink(_directory["link to the link"], _directory["link"]);

        Assert.All((string[])["file", "link", "link to the link"], name => Assert.Null(RegularFile.WhyNot(_directory[name])));
    }

    [Fact]
    public void WhyNot_NothingThere_SaysSo()
    {
        File.CreateSymbolicLink(_directory["nowhere"], _directory["none"]);
        File.CreateSymbolicLink(_directory["circle"], _directory["circle"]);

        Assert.All((string[])["none", "nowhere", "circle"], name => Assert.Equal("there is no such file", RegularFile.WhyNot(_directory[name])));
    }

    [Fact]
    public void WhyNot_DirectoryOrDevice_SaysSo()
    {
        File.CreateSymbolicLink(_directory["link"], "/dev/null");

        Assert.Equal("it is no regular file but a directory", RegularFile.WhyNot(_directory.Path));
        Assert.SkipUnless(OperatingSystem.IsLinux(), "devices");
        Assert.Equal("it is no regular file", RegularFile.WhyNot("/dev/null"));
        Assert.Equal("it is no regular file", RegularFile.WhyNot(_directory["link"]));
    }
}
