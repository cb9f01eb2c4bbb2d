using MonitorAspire.Supervisor.Security;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Security;

public sealed class SupervisorTokenTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string FilePath => _directory[SupervisorToken.FileName];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void LoadOrCreate_None_MakesOneThatOnlyThisUserCanRead()
    {
        var token = SupervisorToken.LoadOrCreate(_directory.Path);

        var value = File.ReadAllText(FilePath).Trim();
        Assert.Matches("^[0-9a-f]{64}$", value);
        Assert.True(token.Matches(value));
        Assert.False(token.Matches(value[..63]));
        Assert.False(token.Matches(""));
        Assert.Equal([FilePath], Directory.GetFiles(_directory.Path));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
        }
    }

    [Fact]
    public void LoadOrCreate_Existing_IsKept()
    {
        SupervisorToken.LoadOrCreate(_directory.Path);
        var value = File.ReadAllText(FilePath);

        var again = SupervisorToken.LoadOrCreate(_directory.Path);

        Assert.Equal(value, File.ReadAllText(FilePath));
        Assert.True(again.Matches(value.Trim()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz")]
    public void LoadOrCreate_NoToken_IsReplaced(string content)
    {
        File.WriteAllText(FilePath, content);
        Restrict();

        SupervisorToken.LoadOrCreate(_directory.Path);

        Assert.Matches("^[0-9a-f]{64}$", File.ReadAllText(FilePath).Trim());
    }

    [Fact]
    public void LoadOrCreate_ReadableByOthers_IsReplaced()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "modes are Unix's");
        var known = new string('a', 64);
        File.WriteAllText(FilePath, known);
        File.SetUnixFileMode(FilePath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);

        Assert.False(SupervisorToken.LoadOrCreate(_directory.Path).Matches(known));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
    }

    [Fact]
    public void LoadOrCreate_SymbolicLink_IsReplacedAndNotFollowed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        var known = new string('a', 64);
        var target = _directory["target"];
        File.WriteAllText(target, known);
        File.SetUnixFileMode(target, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(FilePath, target);

        Assert.False(SupervisorToken.LoadOrCreate(_directory.Path).Matches(known));
        Assert.Equal(known, File.ReadAllText(target));
        Assert.Null(new FileInfo(FilePath).LinkTarget);
    }

    private void Restrict()
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(FilePath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}
