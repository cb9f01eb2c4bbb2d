using MonitorAspire.Supervision.Identity;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Identity;

/// <summary>Temporary files of writers that have ended, with recorded processes.</summary>
public sealed class PendingWritesTests : IDisposable
{
    // The recorded machine was booted at this time, and a tick is 10 ms.
    private static readonly DateTime Boot = DateTimeOffset.FromUnixTimeSeconds(1795465731).UtcDateTime;

    private readonly TemporaryDirectory _directory = new();
    private readonly RecordedProc _proc = new();

    public void Dispose()
    {
        _directory.Dispose();
        _proc.Dispose();
    }

    [Fact]
    public void Find_FilesOfOursAndOthers_AreOursWithTheirWriters()
    {
        var (pid, token) = (Write("monitor-daemon-8768.pid.4711-0123abcd.tmp"), Write("supervisor-8760.token.12-00000000.tmp"));
        foreach (var other in (string[])["editor.4711-0123abcd.tmp", "monitor-daemon-8768.pid.x-0123abcd.tmp", "monitor-daemon-8768.pid.4711-0123abc.tmp", "monitor-daemon-8768.pid.9999999999-0123abcd.tmp", "monitor-daemon-8768.tmp", "monitor-daemon-8768.pid"])
        {
            Write(other);
        }

        Assert.Equal([(pid, 4711), (token, 12)], PendingWrites.Find(_directory.Path));
    }

    [Fact]
    public void WriterIsGone_PidIsNotUsed_IsTrue() => Assert.True(Gone(Write("a")));

    [Fact]
    public void WriterIsGone_PidIsUsedByAProcessOfTheTimeBefore_IsFalse()
    {
        _proc.Add(4711, ticks: 1000);

        // It started 10 s after the boot. The time of a process is exact to about two seconds.
        Assert.False(Gone(Write("a", Boot.AddSeconds(11))));
        Assert.False(Gone(Write("b", Boot.AddSeconds(8))));
    }

    [Fact]
    public void WriterIsGone_PidIsUsedByAYoungerProcess_IsTrue()
    {
        _proc.Add(4711, ticks: 1000);

        Assert.True(Gone(Write("a", Boot.AddSeconds(7.9))));
    }

    [Fact]
    public void WriterIsGone_ProcessCannotBeInspected_IsFalse() =>
        Assert.False(new PendingWrites(_proc.Table(mayExist: _ => true)).WriterIsGone(Write("a"), 4711));

    [Fact]
    public void Delete_OldFilesOfDeadWriters_AreDeletedAndNamed()
    {
        var now = Boot.AddHours(1);
        _proc.Add(12, ticks: 1000);
        Write("monitor-daemon-1.pid.4711-00000000.tmp", now.AddSeconds(-61));
        var young = Write("monitor-daemon-2.pid.4711-00000000.tmp", now.AddSeconds(-60));
        var living = Write("monitor-daemon-3.pid.12-00000000.tmp", now.AddSeconds(-61));

        Assert.Equal(["monitor-daemon-1.pid.4711-00000000.tmp"], new PendingWrites(_proc.Table()).Delete(_directory.Path, now));

        Assert.Equal([young, living], Directory.GetFiles(_directory.Path).Order());
    }

    [Fact]
    public void Delete_NoSuchDirectory_DeletesNothing() => Assert.Empty(new PendingWrites(_proc.Table()).Delete(_directory["none"], Boot));

    [Theory]
    [InlineData(59, false)]
    [InlineData(60, false)]
    [InlineData(61, true)]
    [InlineData(-61, true)] // the clock was set back
    public void DeleteIfDue_SecondTime_WaitsForAMinute(int seconds, bool isDeleted)
    {
        const string Name = "monitor-daemon-9000.pid.4711-0123abcd.tmp";
        var (writes, now) = (new PendingWrites(_proc.Table()), Boot.AddHours(2));
        Write(Name);
        Assert.Single(writes.DeleteIfDue(_directory.Path, now));

        var path = Write(Name);
        _ = writes.DeleteIfDue(_directory.Path, now.AddSeconds(seconds));

        Assert.Equal(!isDeleted, File.Exists(path));
    }

    private bool Gone(string path) => new PendingWrites(_proc.Table()).WriterIsGone(path, 4711);

    private string Write(string name, DateTime? written = null)
    {
        File.WriteAllText(_directory[name], "");
        File.SetLastWriteTimeUtc(_directory[name], written ?? Boot);
        return _directory[name];
    }
}
