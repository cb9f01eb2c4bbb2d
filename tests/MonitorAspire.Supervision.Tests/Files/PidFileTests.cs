using System.Text;
using CsCheck;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Files;

public sealed class PidFileTests
{
    [Theory]
    [InlineData("123\n", 123)]
    [InlineData("123", 123)]
    [InlineData("  123 \r\n", 123)]
    [InlineData("4194304\n", 4194304)]
    [InlineData("2147483647\n", int.MaxValue)]
    [InlineData("0000000000000000000000000000000000000000000000000000000000004711", 4711)] // 64 bytes
    public void Parse_APid_IsValid(string content, int pid) =>
        Assert.Equal(new PidFileReading(PidFileState.Valid, pid), PidFile.Parse(Encoding.UTF8.GetBytes(content)));

    [Theory]
    [InlineData("", "empty")]
    [InlineData("\n\n", "empty")]
    [InlineData("0\n", "malformed")]
    [InlineData("-1\n", "malformed")]
    [InlineData("+1\n", "malformed")]
    [InlineData("1 2\n", "malformed")]
    [InlineData("0x10\n", "malformed")]
    [InlineData("2147483648\n", "malformed")]
    [InlineData("00000000000000000000000000000000000000000000000000000000000004711", "malformed")] // 65 bytes
    [InlineData("18446744073709551617\n", "malformed")]
    [InlineData("１２\n", "malformed")]
    public void Parse_AnythingElse_IsInvalid(string content, string state)
    {
        var reading = PidFile.Parse(Encoding.UTF8.GetBytes(content));
        Assert.Equal((state, 0), (reading.StateName, reading.Pid));
    }

    [Fact]
    public void Parse_AnyBytes_NeverThrowsAndNeverGivesAPidBelowOne() =>
        Gen.Byte.Array[0, 200].Sample(bytes =>
        {
            var reading = PidFile.Parse(bytes);
            return reading.State == PidFileState.Valid ? reading.Pid > 0 : reading.Pid == 0;
        });

    [Fact]
    public void Write_AnyPid_IsReadBack()
    {
        using var directory = new TemporaryDirectory();
        Gen.Int[1, int.MaxValue].Sample(
            pid =>
            {
                PidFile.Write(directory["pid"], pid);
                return PidFile.Read(directory["pid"]) == new PidFileReading(PidFileState.Valid, pid)
                    && File.ReadAllText(directory["pid"]) == $"{pid}\n";
            },
            iter: 100,
            threads: 1);
    }

#if !MUTATION
    [Fact]
    public async Task Write_WhileOthersRead_IsAtomic()
    {
        using var directory = new TemporaryDirectory();
        var path = directory["pid"];
        PidFile.Write(path, 1);
        using var done = new CancellationTokenSource();
        var reader = Task.Run(() =>
        {
            var seen = new HashSet<PidFileReading>();
            while (!done.IsCancellationRequested)
            {
                seen.Add(PidFile.Read(path));
            }

            return seen;
        });

        for (var i = 0; i < 2000; i++)
        {
            PidFile.Write(path, i % 2 == 0 ? 1 : 1_234_567);
        }

        await done.CancelAsync();
        Assert.Subset(new HashSet<PidFileReading> { new(PidFileState.Valid, 1), new(PidFileState.Valid, 1_234_567) }, await reader);
    }
#endif

    [Fact]
    public async Task Read_AFifo_DoesNotHang()
    {
        using var directory = new TemporaryDirectory();
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", directory["pid"]))
        {
            await mkfifo.WaitForExitAsync();
        }

        Assert.Equal(PidFileState.NotAFile, PidFile.Read(directory["pid"]).State);
    }

    [Fact]
    public void RemoveIfOwn_FileOfAnotherProcess_Stays()
    {
        using var directory = new TemporaryDirectory();
        PidFile.Write(directory["pid"], 42);
        Assert.False(PidFile.RemoveIfOwn(directory["pid"], 43));
        Assert.True(File.Exists(directory["pid"]));
        Assert.True(PidFile.RemoveIfOwn(directory["pid"], 42));
        Assert.False(File.Exists(directory["pid"]));
    }

    [Theory]
    [InlineData(64, "ok")]
    [InlineData(65, "malformed")]
    public void Read_LongFile_IsNoPidFile(int length, string state)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["pid"], "4711".PadLeft(length, '0'));

        var reading = PidFile.Read(directory["pid"]);

        Assert.Equal((state, state == "ok" ? 4711 : 0), (reading.StateName, reading.Pid));
    }

    [Fact]
    public void Read_AnyThingAtThePath_HasItsState()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["valid"], "4711\n");
        File.WriteAllText(directory["empty"], "\n");
        File.WriteAllText(directory["malformed"], "x");
        File.CreateSymbolicLink(directory["symlink"], directory["valid"]);
        Directory.CreateDirectory(directory["directory"]);

        Assert.Equal(
            ["ok", "empty", "malformed", "symlink", "not-a-file", "not-a-file", "missing", "missing"],
            ((string[])["valid", "empty", "malformed", "symlink", "directory", "valid/below", "none", "none/below"]).Select(name => PidFile.Read(directory[name]).StateName));
        Assert.Equal("unreadable", new PidFileReading(PidFileState.Unreadable, 0).StateName);
        Assert.False(PidFile.Read(directory["none"]).Exists);
        Assert.True(PidFile.Read(directory["directory"]).Exists);
        Assert.False(PidFile.RemoveIfOwn(directory["malformed"], 0));
    }
}
