using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Tests.Identity;

public sealed class ProcessTreeTests : IDisposable
{
    private static readonly ProcessIdentity Root = new(100, 1000, RecordedProc.Boot);
    private readonly RecordedProc _proc = new();

    public void Dispose() => _proc.Dispose();

    [Fact]
    public void DescendantsOf_ChildrenAndGrandchildren_ParentsFirst()
    {
        _proc.Add(1, 0).Add(100, 1000).Add(101, 1001, parent: 100).Add(90, 1003, parent: 101).Add(102, 1002, parent: 1);

        Assert.Equal([101, 90], Descendants());
    }

    [Fact]
    public void DescendantsOf_ProcessOlderThanItsParent_IsNoChild()
    {
        _proc.Add(100, 1000).Add(101, 999, parent: 100);

        Assert.Empty(Descendants());
    }

    [Fact]
    public void DescendantsOf_PidReusedByAnotherLife_HasNone()
    {
        _proc.Add(100, 2000).Add(101, 2001, parent: 100);

        Assert.Empty(Descendants());
        Assert.Empty(Session());
    }

    [Fact]
    public void DescendantsOf_Zombie_IsLeftOut()
    {
        _proc.Add(100, 1000).Add(101, 1001, parent: 100, state: 'Z').Add(102, 1001, parent: 100);

        Assert.Equal([102], Descendants());
    }

    [Fact]
    public void DescendantsOf_OwnParent_EndsAllTheSame()
    {
        _proc.Add(100, 1000, parent: 101).Add(101, 1000, parent: 100);

        Assert.Equal([101], Descendants());
    }

    [Fact]
    public void SessionOf_OrphansOfADeadLeader_AreFound()
    {
        _proc.Add(1, 0).Add(101, 1001, parent: 1, session: 100).Add(102, 1001, parent: 1, session: 102).Add(103, 1002, session: 100, state: 'Z');

        Assert.Equal([101], Session());
    }

    [Fact]
    public void SessionOf_MemberOlderThanTheLeader_IsNone()
    {
        _proc.Add(101, 999, parent: 1, session: 100);

        Assert.Empty(Session());
    }

    [Fact]
    public void SessionOf_AnotherBoot_HasNone()
    {
        _proc.Add(101, 1001, parent: 1, session: 100);

        Assert.Empty(_proc.Table().SessionOf(Root with { BootId = "another" }));
    }

    private IEnumerable<int> Descendants() => _proc.Table().DescendantsOf(Root).Select(process => process.Pid);

    private IEnumerable<int> Session() => _proc.Table().SessionOf(Root).Select(process => process.Pid);
}
