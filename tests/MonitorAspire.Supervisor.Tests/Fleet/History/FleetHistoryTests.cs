using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervisor.Fleet.History;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Fleet.History;

public sealed class FleetHistoryTests : IDisposable
{
    private readonly HistoryBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Summarize_AfterAnotherHistory_CountsItsStartsOnce()
    {
        await using (var first = _bench.Open())
        {
            first.Add(_bench.Verified("a", 100, (StartupStage.Spawn, 10), (StartupStage.Health, 90)));
            first.Add(_bench.Failed("a", StartupReason.TimedOut));
        }

        for (var i = 0; i < 3; i++)
        {
            // What lives is adopted, and adoption is no start.
            await using var next = _bench.Open();
            next.Add(_bench.Adopted("a"));
            next.Add(_bench.AlreadyRunning("a"));
            next.Add(_bench.Verified("b", 200));
        }

        await using var last = _bench.Open();
        var summary = last.Summarize([HistoryBench.Daemon("a", restarts: 2), HistoryBench.Daemon("b"), HistoryBench.Daemon("new")]);

        Assert.Equal((5, 4, 1, 0.8), (summary.Starts.Total, summary.Starts.Verified, summary.Starts.Failed, summary.Starts.SuccessRate));
        Assert.Equal(new StartDurations(200, 200, 200), summary.Startup);
        Assert.Equal(["a", "b", "new"], summary.ByDaemon.Select(d => d.Name));
        var (a, b, none) = (summary.ByDaemon[0], summary.ByDaemon[1], summary.ByDaemon[2]);
        Assert.Equal((2, 1, 1, 0.5, 2), (a.Starts.Total, a.Starts.Verified, a.Starts.Failed, a.Starts.SuccessRate, a.Restarts));
        Assert.Equal(new KeyValuePair<string, int>("timed-out", 1), Assert.Single(a.Starts.FailuresByReason));
        Assert.Equal([new StageDurations(StartupStage.Spawn, 10, 10, 10), new StageDurations(StartupStage.Health, 90, 90, 90)], a.Stages);
        Assert.Equal((3, 1.0), (b.Starts.Total, b.Starts.SuccessRate));
        Assert.Equal((0, null, null), (none.Starts.Total, none.Starts.SuccessRate, none.Startup));
        Assert.Empty(_bench.Log.Warnings);
        Assert.Equal(5, _bench.Lines().Length);
    }

    [Fact]
    public async Task Add_AtOnce_IsInTheFileWithoutAnOrderlyEnd()
    {
        await using var history = _bench.Open();
        history.Add(_bench.Verified("a", 1));
        await Wait.UntilAsync(() => File.Exists(_bench.FilePath) && _bench.Lines().Length == 1, "the line");
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_bench.FilePath));
        }
    }

    [Fact]
    public async Task Add_CalledOff_SaysNothingAboutStarts()
    {
        await using var history = _bench.Open();
        history.Add(_bench.Failed("a", StartupReason.Cancelled));
        Assert.Equal(0, history.Summarize([]).Starts.Total);
    }

    [Fact]
    public async Task Open_LastLineIsTorn_KeepsTheOthersAndSaysNothing()
    {
        await WriteThreeAsync();
        var whole = await File.ReadAllTextAsync(_bench.FilePath);
        await File.WriteAllTextAsync(_bench.FilePath, whole[..^20]);

        await using (var history = _bench.Open())
        {
            Assert.Equal(2, history.Summarize([]).Starts.Total);
            history.Add(_bench.Verified("a", 4));
        }

        await using var next = _bench.Open();
        Assert.Equal(3, next.Summarize([]).Starts.Total);
        Assert.Equal(3, _bench.Lines().Length);
        Assert.Empty(_bench.Log.Warnings);
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
    public async Task Open_ALineIsBroken_KeepsTheOthersAndSaysSoOnce(string broken)
    {
        await WriteThreeAsync();
        var lines = _bench.Lines();
        await File.WriteAllTextAsync(_bench.FilePath, $"{lines[0]}\n{broken}\n{lines[1]}\n{lines[2]}\n");

        for (var i = 0; i < 3; i++)
        {
            await using var history = _bench.Open();
            Assert.Equal(3, history.Summarize([]).Starts.Total);
        }

        Assert.Contains("line 2", Assert.Single(_bench.Log.Warnings));
        Assert.Equal(lines, _bench.Lines());
    }

    [Fact]
    public async Task Open_ALinkIsInItsPlace_FollowsItNeitherToReadNorToWrite()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        await File.WriteAllTextAsync(_bench["elsewhere"], "mine\n");
        File.CreateSymbolicLink(_bench.FilePath, _bench["elsewhere"]);

        await using (var history = _bench.Open())
        {
            history.Add(_bench.Verified("a", 1));
            Assert.Equal(1, history.Summarize([]).Starts.Total);
        }

        Assert.Equal("mine\n", await File.ReadAllTextAsync(_bench["elsewhere"]));
        Assert.Contains("symbolic link", Assert.Single(_bench.Log.Warnings));
    }

    [Fact]
    public async Task Open_ADirectoryIsInItsPlace_GoesOnInMemory()
    {
        Directory.CreateDirectory(_bench.FilePath);
        await using (var history = _bench.Open())
        {
            history.Add(_bench.Verified("a", 1));
            Assert.Equal(1, history.Summarize([]).Starts.Total);
        }

        Assert.Single(_bench.Log.Warnings);
        Assert.Empty(Directory.GetFileSystemEntries(_bench.FilePath));
    }

    [Fact]
    public async Task Add_FileCannotBeWrittenForAWhile_WarnsOnceAndLosesNothing()
    {
        await using (var history = _bench.Open())
        {
            history.Add(_bench.Verified("a", 1));
            await Wait.UntilAsync(() => File.Exists(_bench.FilePath) && _bench.Lines().Length == 1, "the first line");

            // Whoever the test runs as: nobody can write a file into a file.
            Directory.Delete(_bench.StateDirectory, recursive: true);
            await File.WriteAllTextAsync(_bench.StateDirectory, "");
            history.Add(_bench.Verified("a", 2));
            await Wait.UntilAsync(() => _bench.Log.Warnings.Count == 1, "the warning");
            _bench.Time.Advance(HistoryWriter.RetryInterval);
            history.Add(_bench.Verified("a", 3));
            history.Add(_bench.Verified("a", 4));

            File.Delete(_bench.StateDirectory);
            await Wait.UntilAsync(
                () =>
                {
                    _bench.Time.Advance(HistoryWriter.RetryInterval);
                    history.Add(_bench.AlreadyRunning("a"));
                    history.Add(_bench.Verified("b", 5));
                    return File.Exists(_bench.FilePath);
                },
                "the file again");
        }

        var starts = _bench.Lines().Length;
        Assert.Single(_bench.Log.Warnings);
        Assert.Contains(_bench.Log.All, m => m.Contains("complete", StringComparison.Ordinal));
        await using var next = _bench.Open();
        var summary = next.Summarize([HistoryBench.Daemon("a")]);
        Assert.Equal(4, summary.ByDaemon[0].Starts.Total);
        Assert.Equal(starts, summary.Starts.Total);
    }

    [Fact]
    public async Task Add_FileWasRemoved_IsWrittenAnewWithAll()
    {
        await using (var history = _bench.Open())
        {
            history.Add(_bench.Verified("a", 1));
            await Wait.UntilAsync(() => File.Exists(_bench.FilePath) && _bench.Lines().Length == 1, "the first line");
            File.Delete(_bench.FilePath);
            history.Add(_bench.Verified("a", 2));
        }

        Assert.Equal(2, _bench.Lines().Length);
        Assert.Empty(_bench.Log.Warnings);
    }

    [Fact]
    public async Task Add_MoreThanAreRemembered_ForgetsTheOldestOfTheOneWithTheMostAndKeepsTheFileSmall()
    {
        await using (var history = _bench.Open())
        {
            for (var i = 0; i < 10; i++)
            {
                history.Add(_bench.Verified("quiet", 1));
            }

            for (var i = 0; i < HistoryFile.MaximumLines + 500; i++)
            {
                _bench.Time.Advance(TimeSpan.FromSeconds(1));
                history.Add(_bench.Failed("loops", StartupReason.ExitedPrematurely));
                if (i % 5000 == 0)
                {
                    // As it is in life: it writes while starts come, so that it is appended to and not only written in one go.
                    await Wait.UntilAsync(() => File.Exists(_bench.FilePath) && _bench.Lines().Length > i / 2, "lines");
                }
            }

            var summary = history.Summarize([HistoryBench.Daemon("quiet"), HistoryBench.Daemon("loops")]);
            Assert.Equal(FleetHistory.Capacity, summary.Starts.Total);
            Assert.Equal(10, summary.ByDaemon[0].Starts.Total);
        }

        Assert.InRange(_bench.Lines().Length, FleetHistory.Capacity, HistoryFile.MaximumLines);
        Assert.Empty(Directory.GetFiles(_bench.StateDirectory, "*.tmp"));
        await using var next = _bench.Open();
        var after = next.Summarize([HistoryBench.Daemon("quiet")]);
        Assert.Equal((FleetHistory.Capacity, 10), (after.Starts.Total, after.ByDaemon[0].Starts.Total));
    }

    [Fact]
    public async Task Open_FileIsFarTooLarge_ReadsItsEndAndMakesItSmall()
    {
        await WriteThreeAsync();
        var line = _bench.Lines()[2] + "\n";
        await using (var file = new StreamWriter(_bench.FilePath))
        {
            for (var written = 0; written < HistoryFile.MaximumBytes + 1000; written += line.Length)
            {
                await file.WriteAsync(line);
            }
        }

        await using (var history = _bench.Open())
        {
            Assert.Equal(FleetHistory.Capacity, history.Summarize([]).Starts.Total);
        }

        Assert.Equal(FleetHistory.Capacity, _bench.Lines().Length);
        Assert.Empty(_bench.Log.Warnings);
    }

    private async Task WriteThreeAsync()
    {
        await using var history = _bench.Open();
        history.Add(_bench.Verified("a", 1, (StartupStage.Health, 1)));
        history.Add(_bench.Failed("b", StartupReason.PortInUse));
        history.Add(_bench.Verified("a", 3));
    }
}
