using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Files;

public sealed class StateDirectoryTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly TemporaryDirectory _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Resolve_Path_IsAbsoluteAndWithoutASeparatorAtItsEnd()
    {
        Assert.Equal(_root["state"], StateDirectory.Resolve(_root["a/../state/"]));
        Assert.Equal(Path.Combine(Environment.CurrentDirectory, "state"), StateDirectory.Resolve("state"));
        Assert.Equal(StateDirectory.Resolve(), StateDirectory.Resolve("  "));
        Assert.True(Path.IsPathFullyQualified(StateDirectory.Resolve()));
    }

    // A test must not change the environment, which is that of all tests. The tests of the command line set it for a program.
    [Fact]
    public void Resolve_NothingIsGiven_IsThePlaceOfXdg()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other places");
        Assert.SkipWhen(Environment.GetEnvironmentVariable(StateDirectory.EnvironmentVariable) is { Length: > 0 }, "a place is given");

        var states = Environment.GetEnvironmentVariable("XDG_STATE_HOME") is ['/', ..] xdg ? xdg : Path.Combine(Environment.GetEnvironmentVariable("HOME")!, ".local/state");
        Assert.Equal(Path.Combine(states, "monitor-aspire"), StateDirectory.Resolve());
        Assert.Equal(StateDirectory.Resolve(), StateDirectory.Resolve(""));
    }

    [Fact]
    public void WhyUnusable_PathThatIsTooLong_NamesTheLimit()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "other limits");
        var longest = "/" + string.Concat(Enumerable.Repeat("é234567/", 446)) + "123456"; // 4021 bytes

        Assert.Null(StateDirectory.WhyUnusable(longest[..^6]));
        Assert.Equal(
            $"the state directory has a path of {System.Text.Encoding.UTF8.GetByteCount(longest)} bytes, which is too long for its files; 4015 are possible",
            StateDirectory.WhyUnusable(longest));
    }

    [Theory]
    [InlineData(255, null)]
    [InlineData(256, "the state directory has a name of 256 bytes in its path (nnnnnnnnnnnnnnnnnnnn…); 255 are possible")]
    public void WhyUnusable_NameThatIsTooLong_NamesTheLimit(int length, string? reason)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "other limits");

        Assert.Equal(reason, StateDirectory.WhyUnusable($"{_root.Path}/{new string('n', length)}/state"));
    }

    [Fact]
    public void WhyUnusable_FileInThePath_IsNamed()
    {
        File.WriteAllText(_root["file"], "");

        Assert.Equal($"the state directory {_root["file"]} is a file, not a directory", StateDirectory.WhyUnusable(_root["file"]));
        Assert.Equal($"the state directory {_root["file/a/b"]} cannot be made: {_root["file"]} is a file, not a directory", StateDirectory.WhyUnusable(_root["file/a/b"]));
        Assert.Null(StateDirectory.WhyUnusable(_root.Path));
        Assert.Null(StateDirectory.WhyUnusable(_root["a/b/c"]));
    }

    [Fact]
    public void Create_NewDirectory_IsForThisUserOnlyAndAnExistingOneStaysAsItIs()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "no modes");
        Directory.CreateDirectory(_root["existing"], Private | UnixFileMode.OtherRead);

        StateDirectory.Create(_root["a/b"]);
        StateDirectory.Create(_root["existing"]);

        Assert.Equal((Private, Private | UnixFileMode.OtherRead), (File.GetUnixFileMode(_root["a/b"]), File.GetUnixFileMode(_root["existing"])));
    }

    [Fact]
    public void Create_ParentsAreMissing_MakesAllOfThemPrivate()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes");

        StateDirectory.Create(_root["state/up/8760"]);

        Assert.All((string[])["state", "state/up", "state/up/8760"], made => Assert.Equal(Private, File.GetUnixFileMode(_root[made])));
    }

    [Fact]
    public void Create_OthersCanChangeTheParent_MakesNothing()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "no modes");
        Directory.CreateDirectory(_root["open"]);
        File.SetUnixFileMode(_root["open"], Private | UnixFileMode.OtherWrite);

        Assert.StartsWith(_root["open"] + " can be changed by other users", Assert.Throws<UntrustedStateException>(() => StateDirectory.Create(_root["open/state"])).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_root["open/state"]));
    }

    [Theory]
    [InlineData("monitor-daemon-8768.pid", true)]
    [InlineData("monitor-daemon.log", true)]
    [InlineData("supervisor-8760.lock", true)]
    [InlineData("up", true)]
    [InlineData("apphost", true)]
    [InlineData("supervisor.conf", false)]
    [InlineData("my-monitor-daemon-8768.pid", false)]
    public void IsOurs_NameOfAFile_TellsIt(string name, bool isOurs) => Assert.Equal(isOurs, StateDirectory.IsOurs(name));
}
