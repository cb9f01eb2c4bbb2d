using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Tests.Identity;

/// <summary>Memory and processor time of a tree of recorded processes.</summary>
public sealed class TreeMemoryTests : IDisposable
{
    private const int Root = 10;

    private readonly RecordedProc _proc = new();
    private readonly FakeTimeProvider _time = new();

    public TreeMemoryTests()
    {
        Add(Root, parent: 1, session: Root, pages: 100, cpu: "1 2 30 40");
        Add(11, parent: Root, session: 1, pages: 20, cpu: "500 0 0 0");
        Add(12, parent: 11, session: 1, pages: 3, cpu: "0 0 0 0"); // a descendant in another session
        Add(13, parent: 1, session: Root, pages: 4, cpu: "0 0 0 0"); // its parent has ended
        Add(14, parent: 13, session: 14, pages: 50, cpu: "0 0 0 0");
        Add(20, parent: 1, session: 20, pages: 1_000_000, cpu: "1000000 0 0 0"); // of another daemon
    }

    public void Dispose() => _proc.Dispose();

    [Fact]
    public void Of_Tree_IsTheSumOfDescendantsAndSession() => Assert.Equal(177L * Environment.SystemPageSize, Memory().Of(Identity(Root), long.MaxValue));

    [Fact]
    public void Of_ProcessThatLeadsNoSession_IsItselfAndItsDescendants() => Assert.Equal(23L * Environment.SystemPageSize, Memory().Of(Identity(11), long.MaxValue));

    [Fact]
    public void Of_SumAboveTheLimit_SharesOutWhatSeveralHave()
    {
        foreach (var pid in (int[])[Root, 11, 12, 13])
        {
            _proc.Write($"{pid}/smaps_rollup", "00400000-7fff ---p 00000000 00:00 0    [rollup]\nRss:                 9 kB\nPss:                 2 kB\nPss_Dirty:           1 kB\n");
        }

        var sum = 177L * Environment.SystemPageSize;
        Assert.Equal(sum, Memory().Of(Identity(Root), sum));
        Assert.Equal((4 * 2048) + (50L * Environment.SystemPageSize), Memory().Of(Identity(Root), sum - 1)); // that of 14 cannot be read
        _proc.Write("14/smaps_rollup", "Rss: 9 kB\n");
        Assert.Equal((4 * 2048) + (50L * Environment.SystemPageSize), Memory().Of(Identity(Root), sum - 1));
    }

    [Fact]
    public void CpuOf_Tree_IsTheSumWithChildrenThatHaveEnded() => Assert.Equal(TimeSpan.FromSeconds(5.73), Memory().CpuOf(Identity(Root)));

    [Fact]
    public void Of_ProcessThatHasEnded_IsNotKnown()
    {
        Assert.Null(Memory().Of(Identity(99), long.MaxValue));
        Assert.Null(Memory().CpuOf(Identity(99)));
        Assert.Null(new TreeMemory(new PortableProcesses(), _time).Of(Identity(Environment.ProcessId), long.MaxValue));
    }

    [Fact]
    public void Of_NewChild_IsCountedAfterHalfASecond()
    {
        var memory = Memory();
        _ = memory.Of(Identity(Root), long.MaxValue);
        Add(15, parent: Root, session: 1, pages: 5, cpu: "0 0 0 0");

        foreach (var (wait, pages) in ((int, long)[])[(0, 177), (500, 177), (1, 182)])
        {
            _time.Advance(TimeSpan.FromMilliseconds(wait));
            Assert.Equal(pages * Environment.SystemPageSize, memory.Of(Identity(Root), long.MaxValue));
        }
    }

    private TreeMemory Memory() => new(_proc.Table(), _time);

    private static ProcessIdentity Identity(int pid) => new(pid, 1, RecordedProc.Boot);

    private void Add(int pid, int parent, int session, int pages, string cpu) => _proc
        .Write($"{pid}/stat", string.Create(CultureInfo.InvariantCulture, $"{pid} (daemon) S {parent} {session} {session} 0 -1 4194304 102 0 0 0 {cpu} 20 0 1 0 1 3133440 {pages} 18446744073709551615\n"))
        .Write($"{pid}/statm", string.Create(CultureInfo.InvariantCulture, $"{pages + 500} {pages} 903 2 0 158 0\n"));
}
