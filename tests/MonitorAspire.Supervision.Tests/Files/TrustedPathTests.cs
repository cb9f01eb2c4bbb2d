using System.Runtime.Versioning;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Files;

[UnsupportedOSPlatform("windows")]
public sealed class TrustedPathTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const int Nobody = 65534;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void WhyNot_PrivateDirectoryBelowStickyParent_IsTrusted()
        => Assert.Null(TrustedPath.WhyNot(Make("state")));

    [Fact]
    public void WhyNot_PathThatDoesNotExistYet_IsTrusted()
        => Assert.Null(TrustedPath.WhyNot(_directory["not/yet/there"]));

    [Theory]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    [InlineData(UnixFileMode.OtherWrite | UnixFileMode.StickyBit)]
    public void WhyNot_DirectoryThatOthersCanWriteTo_NamesItAndTheFix(UnixFileMode extra)
    {
        var state = Make("state", Private | extra);
        var reason = TrustedPath.WhyNot(state);
        Assert.NotNull(reason);
        Assert.StartsWith(state + " ", reason, StringComparison.Ordinal);
        Assert.Contains($"chmod go-w {state}", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void WhyNot_ParentThatOthersCanWriteTo_NamesTheParent()
    {
        var parent = Make("parent", Private | UnixFileMode.OtherWrite);
        Assert.StartsWith(parent + " ", TrustedPath.WhyNot(Make("parent/state")), StringComparison.Ordinal);
    }

    [Fact]
    public void WhyNot_LinkInThePath_IsFollowedToItsTarget()
    {
        var target = Make("target", Private | UnixFileMode.GroupWrite);
        File.CreateSymbolicLink(_directory["link"], target);
        Assert.StartsWith(target + " ", TrustedPath.WhyNot(_directory["link"]), StringComparison.Ordinal);

        File.SetUnixFileMode(target, Private);
        Assert.Null(TrustedPath.WhyNot(_directory["link"]));
    }

    [Fact]
    public void WhyNot_LinksInACircle_IsRefused()
    {
        File.CreateSymbolicLink(_directory["a"], _directory["b"]);
        File.CreateSymbolicLink(_directory["b"], _directory["a"]);
        Assert.Contains("too many symbolic links", TrustedPath.WhyNot(_directory["a/state"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("state")]
    [InlineData("parent/state")]
    [InlineData("link/state")]
    public void WhyNot_SomethingOfAnotherUserInThePath_IsRefused(string path)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "needs a file of another user");
        var first = path.Split('/')[0];
        if (first == "link")
        {
            Make("target/state");
            File.CreateSymbolicLink(_directory["link"], _directory["target"]);
        }
        else
        {
            Make(path);
        }

        GiveAway(_directory[first]);
        var reason = TrustedPath.WhyNot(_directory[path]);
        Assert.StartsWith($"{_directory[first]} belongs to another user (uid {Nobody})", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("monitor-daemon-9000.instance.json")]
    [InlineData("monitor-daemon-9000.definition.json")]
    public void WhyNot_FileOfADaemonThatOthersCanWriteTo_NamesIt(string name)
    {
        var files = new DaemonFiles(Make("state"), 9000);
        var file = _directory[$"state/{name}"];
        Assert.Null(TrustedPath.WhyNot(files));
        File.WriteAllText(file, "");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Null(TrustedPath.WhyNot(files));

        // The sticky bit protects the names in a directory, and not the content of a file.
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite | UnixFileMode.StickyBit);
        Assert.StartsWith($"{file} can be changed by other users (mode ", TrustedPath.WhyNot(files), StringComparison.Ordinal);

        // A link is not followed by those who read these files.
        File.Move(file, _directory["other"]);
        File.CreateSymbolicLink(file, _directory["other"]);
        Assert.Null(TrustedPath.WhyNot(files));
    }

    [Fact]
    public void WhyNot_SeveralThingsOfADaemonThatOthersCanWriteTo_NamesTheFirst()
    {
        var files = new DaemonFiles(Make("state"), 9000);
        foreach (var file in (string[])[files.DefinitionFile, files.InstanceFile])
        {
            File.WriteAllText(file, "");
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.GroupWrite);
        }

        Assert.StartsWith(files.InstanceFile + " can be changed", TrustedPath.WhyNot(files), StringComparison.Ordinal);
        Make("state", Private | UnixFileMode.GroupWrite);
        Assert.StartsWith(files.StateDirectory + " can be changed", TrustedPath.WhyNot(files), StringComparison.Ordinal);
    }

    [Fact]
    public void WhyNot_PathThatIsNoState_HasItsOwnFix()
    {
        var program = Make("program", Private | UnixFileMode.OtherWrite);
        File.CreateSymbolicLink(_directory["link"], program);

        foreach (var path in (string[])[program, _directory["link"]])
        {
            Assert.EndsWith($"; 'chmod go-w {program}' if you trust what is there", TrustedPath.WhyNot(path, isState: false), StringComparison.Ordinal);
            Assert.EndsWith($"; 'chmod go-w {program}' if you trust what is there, or use another --state-dir", TrustedPath.WhyNot(path), StringComparison.Ordinal);
        }

        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "needs a file of another user");
        GiveAway(program);
        Assert.EndsWith($"; 'chown 0 {program}' if you trust what is there", TrustedPath.WhyNot(program, isState: false), StringComparison.Ordinal);
        Assert.EndsWith("; run as that user, or use another --state-dir", TrustedPath.WhyNot(program), StringComparison.Ordinal);
    }

    // The kernel follows 40 links.
    [Theory]
    [InlineData(40, true)]
    [InlineData(41, false)]
    public void WhyNot_ManyLinks_AreFollowedAsTheKernelDoes(int links, bool isTrusted)
    {
        var target = Make("0");
        for (var i = 1; i <= links; i++)
        {
            File.CreateSymbolicLink(_directory[$"{i}"], target);
            target = _directory[$"{i}"];
        }

        Assert.Equal(isTrusted, TrustedPath.WhyNot(target) is null);
    }

    private string Make(string name, UnixFileMode mode = Private)
    {
        var path = _directory[name];
        Directory.CreateDirectory(path, Private);
        File.SetUnixFileMode(path, mode);
        return path;
    }

    private static void GiveAway(string path)
    {
        using var chown = System.Diagnostics.Process.Start("chown", ["-h", $"{Nobody}", path]);
        chown.WaitForExit();
        Assert.Equal(0, chown.ExitCode);
    }
}
