using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervisor.Fleet;
using MonitorAspire.Supervisor.Security;
using MonitorAspire.Supervisor.Settings;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Fleet;

public sealed class OverlayFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private OverlayFile File => new(_directory["supervisor-1.daemons.json"]);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Read_None_IsEmpty() => Assert.True(File.Read().IsEmpty);

    [Fact]
    public void Read_WhatWasWritten_IsTheSame()
    {
        var daemon = new DaemonDefinition
        {
            Name = "web",
            Port = 9000,
            PortRangeEnd = 9009,
            Host = "::1",
            HealthPath = "/h",
            Command = "x",
            Arguments = ["a b", "{port}"],
            WorkingDirectory = "/w",
            Environment = new Dictionary<string, string?> { ["K"] = "v" },
            Restart = new RestartPolicy { Mode = RestartMode.Never, InitialDelay = TimeSpan.FromSeconds(3) },
        };
        File.Write(FleetOverlay.Of([daemon], ["gone"]));

        var read = File.Read();

        Assert.Equal(["gone"], read.Removed);
        Assert.Equivalent(daemon, Assert.Single(read.Daemons), strict: true);
    }

    [Fact]
    public void Write_Again_ReplacesItAsAWhole()
    {
        File.Write(FleetOverlay.Of([], ["one"]));
        File.Write(FleetOverlay.Of([], ["two"]));

        Assert.Equal(["two"], File.Read().Removed);
        Assert.Equal([File.FilePath], Directory.GetFiles(_directory.Path));
    }

    [Theory]
    [InlineData("", "not JSON")]
    [InlineData("{\n  \"daemons\": [\n}", "not JSON at line 3")]
    [InlineData("null", "null")]
    [InlineData("""{"daemons": [{"name": "a", "port": "x"}]}""", "daemons.0.port: \"x\" is not a valid value")]
    [InlineData("""{"daemons": [{"name": "a", "port": 99999}]}""", "daemons.0.port: port 99999 is out of range")]
    [InlineData("""{"daemons": [{"name": "a", "port": 9000, "prot": 1}]}""", "daemons.0.prot: is not a setting")]
    [InlineData("""{"daemons": [{"port": 9000}]}""", "daemons.0.name: is missing")]
    [InlineData("""{"daemons": [{"name": "a", "port": 9000}, {"name": "A", "port": 9001}]}""", "daemons.1.name: 'A' is given twice")]
    [InlineData("""{"daemons": [null]}""", "daemons.0.name")]
    [InlineData("""{"daemons": [{"name": "a", "port": 9000}], "removed": ["a"]}""", "removed.0: 'a'")]
    [InlineData("""{"demons": []}""", "demons: is not a setting")]
    [InlineData("""{"\ud800": 1, "daemons": [{"name": "a", "port": "x"}]}""", "half a surrogate pair")]
    public void Read_Broken_NamesFileKeyAndValueAndLeavesItAsItIs(string content, string says)
    {
        WriteText(content);

        var message = Assert.Throws<ConfigurationException>(() => File.Read()).Message;

        Assert.StartsWith($"{File.FilePath}: ", message, StringComparison.Ordinal);
        Assert.Contains(says, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.Equal(content, System.IO.File.ReadAllText(File.FilePath));
    }

    [Fact]
    public void Read_NotUtf8_SaysSo()
    {
        WriteText("");
        System.IO.File.WriteAllBytes(File.FilePath, [.. """{"daemons": [{"name": "a"""u8, 0xFF, .. "\", \"port\": \"x\"}]}"u8]);

        Assert.Contains("not valid UTF-8", Assert.Throws<ConfigurationException>(() => File.Read()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OpenToOthers_IsRefused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "modes are Unix's");
        WriteText("{}");
        System.IO.File.SetUnixFileMode(File.FilePath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupWrite);

        Assert.Throws<UntrustedFileException>(() => File.Read());
    }

    [Fact]
    public void Write_LinkInItsPlace_IsReplacedAndNotFollowed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        var target = _directory["target"];
        System.IO.File.WriteAllText(target, "mine");
        System.IO.File.CreateSymbolicLink(File.FilePath, target);
        Assert.Throws<UntrustedFileException>(() => File.Read());

        File.Write(FleetOverlay.Of([], ["one"]));

        Assert.Equal("mine", System.IO.File.ReadAllText(target));
        Assert.Equal(["one"], File.Read().Removed);
    }

    private void WriteText(string content)
    {
        System.IO.File.WriteAllText(File.FilePath, content);
        if (!OperatingSystem.IsWindows())
        {
            System.IO.File.SetUnixFileMode(File.FilePath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}
