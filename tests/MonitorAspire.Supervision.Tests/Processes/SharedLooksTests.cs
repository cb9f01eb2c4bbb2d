using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Tests.Processes;

public sealed class SharedLooksTests
{
    [Fact]
    public async Task Look_AskedDuringALook_IsTheNextOneForAllWhoAskMeanwhile()
    {
        var table = new SlowTable();
        var looks = new SharedLooks(table);

        var first = looks.LookAsync("a");
        await table.Began.WaitAsync(TestContext.Current.CancellationToken);
        var second = looks.LookAsync("b");
        var third = looks.LookAsync("c");
        table.MayEnd.Release();
        await first;
        Assert.False(second.IsCompleted);
        await table.Began.WaitAsync(TestContext.Current.CancellationToken);
        table.MayEnd.Release();

        Assert.NotSame(await first, await second);
        Assert.Same(await second, await third);
        Assert.Equal(["a", "b c"], table.Asked);
    }

    [Fact]
    public async Task Look_AfterTheLastOne_IsMadeAnew()
    {
        var table = new SlowTable();
        table.MayEnd.Release(2);
        var looks = new SharedLooks(table);

        Assert.NotSame(await looks.LookAsync("a"), await looks.LookAsync("a"));
        Assert.Equal(["a", "a"], table.Asked);
    }

    [Fact]
    public async Task Look_ThatFails_FailsForThoseWhoAskedAndNotForLaterOnes()
    {
        var table = new SlowTable { Error = new IOException("no descriptor") };
        table.MayEnd.Release(2);
        var looks = new SharedLooks(table);

        await Assert.ThrowsAsync<IOException>(() => looks.LookAsync("a"));
        table.Error = null;
        Assert.Empty((await looks.LookAsync("a")).Living);
    }

    /// <summary>A look at its locks ends only when the test lets it.</summary>
    private sealed class SlowTable : ProcessTable
    {
        internal SemaphoreSlim Began { get; } = new(0);

        internal SemaphoreSlim MayEnd { get; } = new(0);

        internal List<string> Asked { get; } = [];

        internal Exception? Error { get; set; }

        public override ILookup<string, LockHolder> HoldersOf(IReadOnlyCollection<string> lockFilePaths)
        {
            Asked.Add(string.Join(' ', lockFilePaths.Order()));
            Began.Release();
            MayEnd.Wait();
            return Error is null ? base.HoldersOf(lockFilePaths) : throw Error;
        }

        public override ProcessLookup Lookup(int pid) => ProcessLookup.Dead;

        public override ProcessInfo? Describe(int pid) => null;

        public override IReadOnlyList<ProcessInfo> Snapshot() => [];

        public override DateTimeOffset StartTimeOf(ProcessIdentity identity) => default;
    }
}
