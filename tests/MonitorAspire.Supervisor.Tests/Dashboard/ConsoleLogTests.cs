using System.Text;
using Grpc.Core;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervisor.Dashboard.Protocol;
using MonitorAspire.Supervisor.Dashboard.Resources;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Dashboard;

public sealed class ConsoleLogTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Log => _directory["monitor-daemon-8768.log"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task WatchConsoleLogs_Following_SendsTheTailAndNewLines()
    {
        await File.WriteAllTextAsync(Log, "one\ntwo\r\nthr");
        await using var service = await StartAsync();
        using var call = Watch(service);
        Assert.Equal(["1 one", "2 two"], await LinesAsync(call, 2));

        await File.AppendAllTextAsync(Log, "ee\nfour\n");

        Assert.Equal(["3 three", "4 four"], await LinesAsync(call, 2));
    }

    [Fact]
    public async Task WatchConsoleLogs_OverBothKindsOfRotation_LosesNothingAndRepeatsNothing()
    {
        await File.WriteAllTextAsync(Log, "one\n");
        await using var service = await StartAsync();
        using var call = Watch(service);
        Assert.Equal(["1 one"], await LinesAsync(call, 1));

        // Rotation while the daemon runs: the front of the log moves to the old file.
        await File.AppendAllTextAsync(Log, "two\n");
        Assert.Equal(["2 two"], await LinesAsync(call, 1));
        Assert.True(LogRotation.Rotate(Log, new LogPolicy { Parts = 2 }, above: 1));
        await File.AppendAllTextAsync(Log, "three\n");
        Assert.Equal(["3 three"], await LinesAsync(call, 1));

        // Rotation for a new instance: the log is renamed.
        File.Move(Log, Log + ".1", overwrite: true);
        await File.WriteAllTextAsync(Log, "four\n");
        Assert.Equal(["4 four"], await LinesAsync(call, 1));
    }

    [Fact]
    public async Task WatchConsoleLogs_BeforeThereIsALog_WaitsForIt()
    {
        await using var service = await StartAsync();
        using var call = Watch(service);

        await File.WriteAllTextAsync(Log, "one\n");

        Assert.Equal(["1 one"], await LinesAsync(call, 1));
    }

    [Fact]
    public async Task WatchConsoleLogs_NotFollowing_SendsTheUnfinishedLineTooAndEnds()
    {
        await File.WriteAllTextAsync(Log, "one\ntwo");
        await using var service = await StartAsync();
        using var call = Watch(service, suppressFollow: true);

        Assert.Equal(["1 one", "2 two"], await LinesAsync(call, 2));
        Assert.False(await call.ResponseStream.MoveNext(default));
    }

    [Fact]
    public async Task WatchConsoleLogs_LargeLog_SendsItsEndInBoundedMessages()
    {
        await File.WriteAllLinesAsync(Log, Enumerable.Range(1, 10_000).Select(i => $"line {i}"));
        await using var service = await StartAsync();
        using var call = Watch(service, suppressFollow: true);

        var lines = new List<string>();
        while (await call.ResponseStream.MoveNext(default))
        {
            Assert.InRange(call.ResponseStream.Current.LogLines.Count, 1, 500);
            lines.AddRange(call.ResponseStream.Current.LogLines.Select(l => l.Text));
        }

        Assert.Equal(ConsoleLog.TailLines, lines.Count);
        Assert.Equal(("line 8001", "line 10000"), (lines[0], lines[^1]));
    }

    [Fact]
    public async Task WatchConsoleLogs_LineWithoutEnd_IsCutBetweenCharacters()
    {
        // Characters of two bytes after an odd number of bytes lie on the borders of blocks.
        var text = new string('é', 3 * LineStream.MaximumLineLength / 2);
        await File.WriteAllTextAsync(Log, "x" + text, Encoding.UTF8);
        await using var service = await StartAsync();
        using var call = Watch(service, suppressFollow: true);

        var lines = await LinesAsync(call, 2);

        Assert.Equal(LineStream.MaximumLineLength + "1 ".Length, lines[0].Length);
        Assert.DoesNotContain('\uFFFD', string.Concat(lines));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("monitor-supervisor-monitor-supervisor")]
    public async Task WatchConsoleLogs_NoLog_Ends(string resource)
    {
        Assert.SkipWhen(resource != "nobody" && SupervisorResource.LogFile is not null, "The output of these tests goes to a file, so that is the supervisor's log.");
        await using var service = await StartAsync();
        using var call = service.Client.WatchResourceConsoleLogs(new WatchResourceConsoleLogsRequest { ResourceName = resource }, service.Options);

        Assert.False(await call.ResponseStream.MoveNext(default));
    }

    private Task<ResourceServiceFixture> StartAsync() => ResourceServiceFixture.StartAsync(new StubFleet(Snapshots.Running() with { LogFile = Log }));

    private static AsyncServerStreamingCall<WatchResourceConsoleLogsUpdate> Watch(ResourceServiceFixture service, bool suppressFollow = false)
        => service.Client.WatchResourceConsoleLogs(new WatchResourceConsoleLogsRequest { ResourceName = "monitor-8768-monitor-8768", SuppressFollow = suppressFollow }, service.Options);

    private static async Task<List<string>> LinesAsync(AsyncServerStreamingCall<WatchResourceConsoleLogsUpdate> call, int count)
    {
        var lines = new List<string>();
        while (lines.Count < count && await call.ResponseStream.MoveNext(default))
        {
            Assert.All(call.ResponseStream.Current.LogLines, l => Assert.True(l is { HasIsStdErr: true, IsStdErr: false }));
            lines.AddRange(call.ResponseStream.Current.LogLines.Select(l => $"{l.LineNumber} {l.Text}"));
        }

        return lines;
    }
}
