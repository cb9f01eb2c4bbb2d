using Microsoft.Extensions.Time.Testing;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Supervision.Tests.Fleet;

public class FleetEventLogTests
{
    private static readonly DaemonSnapshot Daemon = new() { Name = "a", Host = "127.0.0.1", Port = 1, State = DaemonState.Running };

    [Fact]
    public async Task Watch_AfterAnId_ReplaysThenGoesOnWithoutGapOrDouble()
    {
        var log = new FleetEventLog(new FakeTimeProvider());
        AddMany(log, 10);
        await using var reader = log.WatchAsync(4, default).GetAsyncEnumerator();

        // Before the first read, so that it lies between replay and stream.
        AddMany(log, 3);
        for (var id = 5; id <= 13; id++)
        {
            Assert.True(await reader.MoveNextAsync());
            Assert.Equal(id, reader.Current.Id);
        }
    }

    [Fact]
    public async Task Watch_NoId_SeesOnlyNewOnes()
    {
        var log = new FleetEventLog(new FakeTimeProvider());
        AddMany(log, 10);
        await using var reader = log.WatchAsync(null, default).GetAsyncEnumerator();
        AddMany(log, 1);
        Assert.True(await reader.MoveNextAsync());
        Assert.Equal(11, reader.Current.Id);
    }

    [Theory]
    [InlineData(0, 21, 20)]
    [InlineData(15, 21, 20)]
    [InlineData(38, 39, 2)]
    [InlineData(999, 21, 20)]
    public async Task Watch_OldUnknownOrLateIds_ReplaysWhatIsKept(long after, int first, int count)
    {
        var log = new FleetEventLog(new FakeTimeProvider(), kept: 20);
        AddMany(log, 40);
        var stream = log.WatchAsync(after, default);
        log.Complete();
        var ids = await ReadAllAsync(stream);
        Assert.Equal(Enumerable.Range(first, count).Select(i => (long)i), ids);
    }

    [Fact]
    public async Task Watch_TooSlow_GetsWhatItHasInOrderAndIsEndedWithoutHoldingUpOthers()
    {
        var log = new FleetEventLog(new FakeTimeProvider(), behind: 20);
        var slow = log.WatchAsync(null, default);
        await using var quick = log.WatchAsync(null, default).GetAsyncEnumerator();
        for (var i = 1; i <= 50; i++)
        {
            AddMany(log, 1);
            Assert.True(await quick.MoveNextAsync());
            Assert.Equal(i, quick.Current.Id);
        }

        Assert.Equal(Enumerable.Range(1, 20).Select(i => (long)i), await ReadAllAsync(slow));
    }

    [Fact]
    public async Task Add_FromManyThreads_EverySubscriberSeesTheSameOrder()
    {
        var log = new FleetEventLog(new FakeTimeProvider(), kept: 4000, behind: 4000);
        var streams = Enumerable.Range(0, 3).Select(_ => ReadAllAsync(log.WatchAsync(null, default))).ToList();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => AddMany(log, 400))));
        log.Complete();
        foreach (var stream in streams)
        {
            Assert.Equal(Enumerable.Range(1, 3200).Select(i => (long)i), await stream);
        }
    }

    private static void AddMany(FleetEventLog log, int count)
    {
        for (var i = 0; i < count; i++)
        {
            log.Add(FleetEventKind.StateChanged, Daemon);
        }
    }

    private static async Task<List<long>> ReadAllAsync(IAsyncEnumerable<FleetEvent> stream)
    {
        var ids = new List<long>();
        await foreach (var happened in stream)
        {
            ids.Add(happened.Id);
        }

        return ids;
    }
}
