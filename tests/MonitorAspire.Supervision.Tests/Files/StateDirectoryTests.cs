using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Files;

public sealed class StateDirectoryTests
{
    [Fact]
    public void Create_ParentsAreMissing_MakesAllOfThemPrivate()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes");
        using var directory = new TemporaryDirectory();

        StateDirectory.Create(directory["state/up/8760"]);

        Assert.All(
            (string[])["state", "state/up", "state/up/8760"],
            made => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(directory[made])));
    }
}
