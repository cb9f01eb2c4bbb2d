using System.Globalization;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Identity;

public sealed class PendingWritesTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    private readonly TemporaryDirectory _state = new();
    private readonly RecordedProc _proc = new();

    public void Dispose()
    {
        _proc.Dispose();
        _state.Dispose();
    }

    [Theory]
    [InlineData(59, false)]
    [InlineData(61, true)]
    [InlineData(-61, true)] // the clock was set back
    public void DeleteIfDue_SecondTime_WaitsForAMinute(int seconds, bool isDeleted)
    {
        var writes = new PendingWrites(_proc.Table());
        Leave();
        Assert.Single(writes.DeleteIfDue(_state.Path, Now));

        var path = Leave();
        _ = writes.DeleteIfDue(_state.Path, Now.AddSeconds(seconds));

        Assert.Equal(!isDeleted, File.Exists(path));
    }

    // Of a process that has ended.
    private string Leave()
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"{new DaemonFiles(_state.Path, 9000).PidFile}.4711-0123abcd.tmp");
        File.WriteAllText(path, "1");
        File.SetLastWriteTimeUtc(path, Now.UtcDateTime.AddHours(-1));
        return path;
    }
}
