using MonitorAspire.Supervisor.Security;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Security;

public sealed class SupervisorTokenTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string FilePath => _directory["supervisor-1.token"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void LoadOrCreate_None_CreatesOneThatOnlyThisUserCanRead()
    {
        var token = SupervisorToken.LoadOrCreate(FilePath);

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
        SupervisorToken.LoadOrCreate(FilePath);
        var value = File.ReadAllText(FilePath);

        var again = SupervisorToken.LoadOrCreate(FilePath);

        Assert.Equal(value, File.ReadAllText(FilePath));
        Assert.True(again.Matches(value.Trim()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz")]
    public void LoadOrCreate_InvalidContent_IsReplaced(string content)
    {
        File.WriteAllText(FilePath, content);
        Restrict();

        SupervisorToken.LoadOrCreate(FilePath);

        Assert.Matches("^[0-9a-f]{64}$", File.ReadAllText(FilePath).Trim());
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead, "0640")]
    [InlineData(UnixFileMode.OtherRead, "0604")]
    [InlineData(UnixFileMode.OtherWrite, "0602")]
    public void LoadOrCreate_OpenToOthers_IsRefusedAndLeftAsItIs(UnixFileMode others, string mode)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "modes are Unix's");
        var known = new string('a', 64);
        File.WriteAllText(FilePath, known);
        File.SetUnixFileMode(FilePath, UnixFileMode.UserRead | UnixFileMode.UserWrite | others);

        var refused = Assert.Throws<UntrustedFileException>(() => SupervisorToken.LoadOrCreate(FilePath));

        Assert.StartsWith($"{FilePath} is open to others (mode {mode}); chmod 600", refused.Message, StringComparison.Ordinal);
        Assert.Equal(known, File.ReadAllText(FilePath));
    }

    [Fact]
    public void LoadOrCreate_OwnerMayOnlyRead_IsTaken()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "modes are Unix's");
        var known = new string('a', 64);
        File.WriteAllText(FilePath, known);
        File.SetUnixFileMode(FilePath, UnixFileMode.UserRead);

        Assert.True(SupervisorToken.LoadOrCreate(FilePath).Matches(known));
    }

    [Fact]
    public void LoadOrCreate_SymbolicLink_IsRefusedAndNotFollowed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        var known = new string('a', 64);
        var target = _directory["target"];
        File.WriteAllText(target, known);
        File.SetUnixFileMode(target, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(FilePath, target);

        var refused = Assert.Throws<UntrustedFileException>(() => SupervisorToken.LoadOrCreate(FilePath));

        Assert.StartsWith($"{FilePath} is a symbolic link", refused.Message, StringComparison.Ordinal);
        Assert.Equal(target, new FileInfo(FilePath).LinkTarget);
        Assert.Equal(known, File.ReadAllText(target));
    }

    [Fact]
    public void LoadOrCreate_Fifo_IsRefusedAndDoesNotHang()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the type of an open file is told on Linux");
        using (var make = System.Diagnostics.Process.Start("mkfifo", ["-m", "600", FilePath]))
        {
            make.WaitForExit();
        }

        Assert.Contains("not a regular file", Assert.Throws<UntrustedFileException>(() => SupervisorToken.LoadOrCreate(FilePath)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadOrCreate_OtherOwner_IsRefused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "only root can give a file away");
        File.WriteAllText(FilePath, new string('a', 64));
        Restrict();
        using (var chown = System.Diagnostics.Process.Start("chown", ["65534", FilePath]))
        {
            chown.WaitForExit();
            Assert.Equal(0, chown.ExitCode);
        }

        var refused = Assert.Throws<UntrustedFileException>(() => SupervisorToken.LoadOrCreate(FilePath));

        Assert.StartsWith($"{FilePath} belongs to user 65534 and not to this one (0)", refused.Message, StringComparison.Ordinal);
    }

    private void Restrict()
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(FilePath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}
