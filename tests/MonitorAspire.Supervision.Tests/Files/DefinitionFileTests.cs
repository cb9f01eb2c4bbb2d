using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Files;

public sealed class DefinitionFileTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();

    private DaemonFiles Files => new(_root.Path, 9000);

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Read_UnknownKeyWithControlCharacters_NamesItVisibly()
    {
        File.WriteAllText(Files.DefinitionFile, "{\"\u001b[2J\u007f\": 1}".Replace("\u001b", "\\u001b", StringComparison.Ordinal));

        var message = Assert.Throws<DefinitionFileException>(() => DefinitionFile.Read(Files)).Message;

        Assert.DoesNotContain(message, char.IsControl);
    }

    [Fact]
    public void Write_Definition_IsReadAgainAndPrivate()
    {
        var definition = DefinitionMapper.ToDefinition(new DaemonSpec
        {
            Name = "web",
            Port = 9000,
            Command = "server",
            Arguments = ["{port}", "ü\"\n"],
            WorkingDirectory = "/srv/current",
            Environment = new Dictionary<string, string?> { ["SECRET"] = "x", ["REMOVED"] = null },
            Restart = new RestartPolicy { Budget = 7 },
        });
        DefinitionFile.Write(Files, definition);

        var read = DefinitionMapper.ToSpec(DefinitionFile.Read(Files)!);
        Assert.Equivalent(DefinitionMapper.ToSpec(definition), read, strict: true);
        Assert.Null(read.Environment["REMOVED"]);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Files.DefinitionFile));
        }

        Assert.Equal([Files.DefinitionFile], Directory.GetFiles(_root.Path));
    }

    [Fact]
    public void Write_TheSameAgain_LeavesTheFile()
    {
        DefinitionFile.Write(Files, new DaemonDefinition { Port = 9000 });
        var before = FileIdentityOf();
        DefinitionFile.Write(Files, new DaemonDefinition { Port = 9000 });
        Assert.Equal(before, FileIdentityOf());
        DefinitionFile.Write(Files, new DaemonDefinition { Port = 9000, Command = "other" });
        Assert.NotEqual(before, FileIdentityOf());
    }

    [Fact]
    public void Read_NoFile_IsNull() => Assert.Null(DefinitionFile.Read(Files));

    [Theory]
    [InlineData("", "line 1")]
    [InlineData("null", "port 9000")]
    [InlineData("{\"port\": 9001}", "not about port 9000")]
    [InlineData("{\"port\": 9000, \"comand\": \"x\"}", "comand")]
    [InlineData("{\"port\": 9000, \"workingDirectory\": \" \"}", "the working directory is empty")]
    public void Read_NoDefinition_SaysWhatIsWrong(string content, string says)
    {
        File.WriteAllText(Files.DefinitionFile, content);
        var wrong = Assert.Throws<DefinitionFileException>(() => DefinitionFile.Read(Files));
        Assert.Contains(says, wrong.Message);
        Assert.Contains(Files.DefinitionFile, wrong.Message);
        Assert.Null(DefinitionFile.TryRead(Files));
    }

    [Fact]
    public void Read_OthersCanWriteToIt_IsRefused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "modes are Unix's");
        DefinitionFile.Write(Files, new DaemonDefinition { Port = 9000, Command = "/tmp/evil" });
        File.SetUnixFileMode(Files.DefinitionFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite);
        Assert.Contains("0602", Assert.Throws<UntrustedStateException>(() => DefinitionFile.Read(Files)).Message);
        Assert.NotNull(TrustedPath.WhyNot(Files));
    }

    [Fact]
    public void Read_SymbolicLink_IsRefused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege");
        File.WriteAllText(_root["elsewhere"], "{\"port\": 9000}");
        File.CreateSymbolicLink(Files.DefinitionFile, _root["elsewhere"]);
        Assert.Contains("symbolic link", Assert.Throws<DefinitionFileException>(() => DefinitionFile.Read(Files)).Message);
    }

    [Fact]
    public void Read_DirectoryOrTooLarge_IsRefused()
    {
        Directory.CreateDirectory(Files.DefinitionFile);
        Assert.Contains("it is a directory", Assert.Throws<DefinitionFileException>(() => DefinitionFile.Read(Files)).Message);
        Directory.Delete(Files.DefinitionFile);

        const string Content = "{\"port\": 9000}";
        File.WriteAllText(Files.DefinitionFile, new string(' ', (4 * 1024 * 1024) - Content.Length) + Content);
        Assert.NotNull(DefinitionFile.Read(Files));
        File.AppendAllText(Files.DefinitionFile, " ");
        Assert.Contains("it is no regular file, or too large", Assert.Throws<DefinitionFileException>(() => DefinitionFile.Read(Files)).Message);
    }

    [Fact]
    public void Read_Wrong_SaysHowToGoOn()
    {
        File.WriteAllText(Files.DefinitionFile, "{\n \"port\": \"x\"}");

        var wrong = Assert.Throws<DefinitionFileException>(() => DefinitionFile.Read(Files));

        Assert.Equal($"{Files.DefinitionFile}: line 2, key '$.port' cannot be read; correct it, or remove it with 'monitor forget --port 9000'", wrong.Message);
        Assert.Equal("monitor-daemon-9000.definition.json: line 2, key '$.port' cannot be read", wrong.Problem);
    }

    [Fact]
    public void SetAside_DefinitionThatCanBeUsedOrNone_StaysAsItIs()
    {
        Assert.Null(DefinitionFile.SetAside(Files));
        DefinitionFile.Write(Files, new DaemonDefinition { Port = 9000 });
        Assert.Null(DefinitionFile.SetAside(Files));
        Assert.NotNull(DefinitionFile.Read(Files));
    }

    [Theory]
    [InlineData("file")]
    [InlineData("directory")]
    [InlineData("link")]
    public void SetAside_WhatCannotBeUsed_IsKeptUnderANewName(string kind)
    {
        File.WriteAllText(Files.DefinitionFile + ".broken-1", "earlier");
        Directory.CreateDirectory(_root["elsewhere"]);
        switch (kind)
        {
            case "file":
                File.WriteAllText(Files.DefinitionFile, "{");
                break;
            case "directory":
                Directory.CreateDirectory(Files.DefinitionFile);
                break;
            default:
                Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege");
                Directory.CreateSymbolicLink(Files.DefinitionFile, _root["elsewhere"]);
                break;
        }

        var said = DefinitionFile.SetAside(Files);

        Assert.StartsWith("the stored definition could not be used (monitor-daemon-9000.definition.json: ", said, StringComparison.Ordinal);
        Assert.EndsWith($"); it was replaced, and is kept as {Files.DefinitionFile}.broken-2", said, StringComparison.Ordinal);
        Assert.False(Path.Exists(Files.DefinitionFile));
        Assert.Equal((kind == "directory", kind == "link" ? _root["elsewhere"] : null), (Directory.Exists(Files.DefinitionFile + ".broken-2") && kind != "link", new FileInfo(Files.DefinitionFile + ".broken-2").LinkTarget));
        Assert.True(Directory.Exists(_root["elsewhere"]));
    }

    private Interop.FileIdentity? FileIdentityOf() => Interop.FileIdentity.Of(Files.DefinitionFile);
}
