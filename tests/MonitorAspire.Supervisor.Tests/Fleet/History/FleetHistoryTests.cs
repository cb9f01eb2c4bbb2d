using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervisor.Fleet.History;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Fleet.History;

public sealed class FleetHistoryTests : IDisposable
{
    private readonly HistoryFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Summarize_AfterAnotherHistory_CountsItsStartsOnce()
    {
        await using (var first = _fixture.Open())
        {
            first.Add(_fixture.Verified("a", 100, (StartupStage.Spawn, 10), (StartupStage.Health, 90)));
            first.Add(_fixture.Failed("a", StartupReason.TimedOut));
        }

        for (var i = 0; i < 3; i++)
        {
            // An adoption is not a start.
            await using var next = _fixture.Open();
            next.Add(_fixture.Adopted("a"));
            next.Add(_fixture.AlreadyRunning("a"));
            next.Add(_fixture.Verified("b", 200));
        }

        await using var last = _fixture.Open();
        var summary = last.Summarize([HistoryFixture.Daemon("a", restarts: 2), HistoryFixture.Daemon("b"), HistoryFixture.Daemon("new")]);

        Assert.Equal((5, 4, 1, 0.8), (summary.Starts.Total, summary.Starts.Verified, summary.Starts.Failed, summary.Starts.SuccessRate));
        Assert.Equal(new StartDurations(200, 200, 200), summary.Startup);
        Assert.Equal(["a", "b", "new"], summary.ByDaemon.Select(d => d.Name));
        var (a, b, none) = (summary.ByDaemon[0], summary.ByDaemon[1], summary.ByDaemon[2]);
        Assert.Equal((2, 1, 1, 0.5, 2), (a.Starts.Total, a.Starts.Verified, a.Starts.Failed, a.Starts.SuccessRate, a.Restarts));
        Assert.Equal(new KeyValuePair<string, int>("timed-out", 1), Assert.Single(a.Starts.FailuresByReason));
        Assert.Equal([new StageDurations(StartupStage.Spawn, 10, 10, 10), new StageDurations(StartupStage.Health, 90, 90, 90)], a.Stages);
        Assert.Equal((3, 1.0), (b.Starts.Total, b.Starts.SuccessRate));
        Assert.Equal((0, null, null), (none.Starts.Total, none.Starts.SuccessRate, none.Startup));
        Assert.Empty(_fixture.Log.Warnings);
        Assert.Equal(5, _fixture.Lines().Length);
    }

    [Fact]
    public async Task Add_AtOnce_IsInTheFileWithoutAnOrderlyEnd()
    {
        await using var history = _fixture.Open();
        history.Add(_fixture.Verified("a", 1));
        await Wait.UntilAsync(() => File.Exists(_fixture.FilePath) && _fixture.Lines().Length == 1, "the line");
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_fixture.FilePath));
        }
    }

    [Fact]
    public async Task Add_CancelledStart_IsNotCounted()
    {
        await using var history = _fixture.Open();
        history.Add(_fixture.Failed("a", StartupReason.Cancelled));
        Assert.Equal(0, history.Summarize([]).Starts.Total);
    }

    [Fact]
    public async Task Open_LastLineIsIncomplete_KeepsTheOthersWithoutAWarning()
    {
        await WriteThreeAsync();
        var whole = await File.ReadAllTextAsync(_fixture.FilePath);
        await File.WriteAllTextAsync(_fixture.FilePath, whole[..^20]);

        await using (var history = _fixture.Open())
        {
            Assert.Equal(2, history.Summarize([]).Starts.Total);
            history.Add(_fixture.Verified("a", 4));
        }

        await using var next = _fixture.Open();
        Assert.Equal(3, next.Summarize([]).Starts.Total);
        Assert.Equal(3, _fixture.Lines().Length);
        Assert.Empty(_fixture.Log.Warnings);
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"at":"2026-01-01T00:00:00+00:00","daemon":"a","verified":true,"ms":-1}""")]
    [InlineData("""{"at":"2026-01-01T00:00:00+00:00","daemon":"","verified":true,"ms":1}""")]
    [InlineData("""{"at":"2026-01-01T00:00:00+00:00","daemon":"a","verified":true,"ms":1,"stages":null}""")]
    [InlineData("""{"at":"2026-01-01T00:00:00+00:00","daemon":"a","verified":true,"ms":1,"stages":[null]}""")]
    [InlineData("""{"at":"2026-01-01T00:00:00+00:00","daemon":"a","verified":false,"ms":1,"reason":"because"}""")]
    public async Task Open_ALineIsInvalid_KeepsTheOthersAndWarnsOnce(string broken)
    {
        await WriteThreeAsync();
        var lines = _fixture.Lines();
        await File.WriteAllTextAsync(_fixture.FilePath, $"{lines[0]}\n{broken}\n{lines[1]}\n{lines[2]}\n");

        for (var i = 0; i < 3; i++)
        {
            await using var history = _fixture.Open();
            Assert.Equal(3, history.Summarize([]).Starts.Total);
        }

        Assert.Contains("line 2", Assert.Single(_fixture.Log.Warnings));
        Assert.Equal(lines, _fixture.Lines());
    }

    [Fact]
    public async Task Open_SymbolicLink_IsNotFollowed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        await File.WriteAllTextAsync(_fixture["elsewhere"], "mine\n");
        File.CreateSymbolicLink(_fixture.FilePath, _fixture["elsewhere"]);

        await using (var history = _fixture.Open())
        {
            history.Add(_fixture.Verified("a", 1));
            Assert.Equal(1, history.Summarize([]).Starts.Total);
        }

        Assert.Equal("mine\n", await File.ReadAllTextAsync(_fixture["elsewhere"]));
        Assert.Contains("symbolic link", Assert.Single(_fixture.Log.Warnings));
    }

    [Fact]
    public async Task Open_Directory_KeepsTheHistoryInMemory()
    {
        Directory.CreateDirectory(_fixture.FilePath);
        await using (var history = _fixture.Open())
        {
            history.Add(_fixture.Verified("a", 1));
            Assert.Equal(1, history.Summarize([]).Starts.Total);
        }

        Assert.Single(_fixture.Log.Warnings);
        Assert.Empty(Directory.GetFileSystemEntries(_fixture.FilePath));
    }

    [Fact]
    public async Task Add_FileCannotBeWrittenForAWhile_WarnsOnceAndLosesNothing()
    {
        await using (var history = _fixture.Open())
        {
            history.Add(_fixture.Verified("a", 1));
            await Wait.UntilAsync(() => File.Exists(_fixture.FilePath) && _fixture.Lines().Length == 1, "the first line");

            // Root too cannot create a file in a file.
            Directory.Delete(_fixture.StateDirectory, recursive: true);
            await File.WriteAllTextAsync(_fixture.StateDirectory, "");
            history.Add(_fixture.Verified("a", 2));
            await Wait.UntilAsync(() => _fixture.Log.Warnings.Count == 1, "the warning");
            _fixture.Time.Advance(HistoryWriter.RetryInterval);
            history.Add(_fixture.Verified("a", 3));
            history.Add(_fixture.Verified("a", 4));

            File.Delete(_fixture.StateDirectory);
            await Wait.UntilAsync(
                () =>
                {
                    _fixture.Time.Advance(HistoryWriter.RetryInterval);
                    history.Add(_fixture.AlreadyRunning("a"));
                    history.Add(_fixture.Verified("b", 5));
                    return File.Exists(_fixture.FilePath);
                },
                "the file again");
        }

        var starts = _fixture.Lines().Length;
        Assert.Single(_fixture.Log.Warnings);
        Assert.Contains(_fixture.Log.All, m => m.Contains("complete", StringComparison.Ordinal));
        await using var next = _fixture.Open();
        var summary = next.Summarize([HistoryFixture.Daemon("a")]);
        Assert.Equal(4, summary.ByDaemon[0].Starts.Total);
        Assert.Equal(starts, summary.Starts.Total);
    }

    [Fact]
    public async Task Add_FileWasDeleted_WritesAllStartsAgain()
    {
        await using (var history = _fixture.Open())
        {
            history.Add(_fixture.Verified("a", 1));
            await Wait.UntilAsync(() => File.Exists(_fixture.FilePath) && _fixture.Lines().Length == 1, "the first line");
            File.Delete(_fixture.FilePath);
            history.Add(_fixture.Verified("a", 2));
        }

        Assert.Equal(2, _fixture.Lines().Length);
        Assert.Empty(_fixture.Log.Warnings);
    }

    [Fact]
    public async Task Add_MoreThanTheCapacity_DropsTheOldestOfTheDaemonWithTheMostAndKeepsTheFileSmall()
    {
        await using (var history = _fixture.Open())
        {
            for (var i = 0; i < 10; i++)
            {
                history.Add(_fixture.Verified("quiet", 1));
            }

            for (var i = 0; i < HistoryFile.MaximumLines + 500; i++)
            {
                _fixture.Time.Advance(TimeSpan.FromSeconds(1));
                history.Add(_fixture.Failed("loops", StartupReason.ExitedPrematurely));
                if (i % 5000 == 0)
                {
                    // It writes while starts are added, so that it appends and does not only rewrite.
                    await Wait.UntilAsync(() => File.Exists(_fixture.FilePath) && _fixture.Lines().Length > i / 2, "lines");
                }
            }

            var summary = history.Summarize([HistoryFixture.Daemon("quiet"), HistoryFixture.Daemon("loops")]);
            Assert.Equal(FleetHistory.Capacity, summary.Starts.Total);
            Assert.Equal(10, summary.ByDaemon[0].Starts.Total);
        }

        Assert.InRange(_fixture.Lines().Length, FleetHistory.Capacity, HistoryFile.MaximumLines);
        Assert.Empty(Directory.GetFiles(_fixture.StateDirectory, "*.tmp"));
        await using var next = _fixture.Open();
        var after = next.Summarize([HistoryFixture.Daemon("quiet")]);
        Assert.Equal((FleetHistory.Capacity, 10), (after.Starts.Total, after.ByDaemon[0].Starts.Total));
    }

    [Fact]
    public async Task Open_FileIsTooLarge_ReadsItsEndAndRewritesIt()
    {
        await WriteThreeAsync();
        var line = _fixture.Lines()[2] + "\n";
        await using (var file = new StreamWriter(_fixture.FilePath))
        {
            for (var written = 0; written < HistoryFile.MaximumBytes + 1000; written += line.Length)
            {
                await file.WriteAsync(line);
            }
        }

        await using (var history = _fixture.Open())
        {
            Assert.Equal(FleetHistory.Capacity, history.Summarize([]).Starts.Total);
        }

        Assert.Equal(FleetHistory.Capacity, _fixture.Lines().Length);
        Assert.Empty(_fixture.Log.Warnings);
    }

    private async Task WriteThreeAsync()
    {
        await using var history = _fixture.Open();
        history.Add(_fixture.Verified("a", 1, (StartupStage.Health, 1)));
        history.Add(_fixture.Failed("b", StartupReason.PortInUse));
        history.Add(_fixture.Verified("a", 3));
    }
}
