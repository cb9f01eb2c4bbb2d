using System.Globalization;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Tests.Identity;

public sealed class ProcessTableTests : IDisposable
{
    private readonly RecordedProc _proc = new();

    public void Dispose() => _proc.Dispose();

    [Fact]
    public void Lookup_LivingProcess_GivesPidTicksAndBoot()
    {
        var lookup = _proc.Add(4711, ticks: 189710).Table().Lookup(4711);

        Assert.Equal(ProcessLookup.Alive(new ProcessIdentity(4711, 189710, RecordedProc.Boot)), lookup);
    }

    [Theory]
    [InlineData(4711)]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public void Lookup_NoSuchProcess_IsDead(int pid) => Assert.Equal(ProcessLookup.Dead, _proc.Table().Lookup(pid));

    [Theory]
    [InlineData('Z')]
    [InlineData('X')]
    [InlineData('x')]
    public void Lookup_ZombieOrDead_IsDead(char state) =>
        Assert.Equal(ProcessLookup.Dead, _proc.Add(4711, 5, state: state).Table().Lookup(4711));

    [Fact]
    public void Lookup_MainThreadEndedButAnotherRuns_IsAlive() =>
        Assert.Equal(ProcessPresence.Alive, _proc.Add(4711, 5, state: 'Z', threads: 2).Table().Lookup(4711).Presence);

    [Fact]
    public void Lookup_ThreadOfAnotherProcess_IsDead() =>
        Assert.Equal(ProcessLookup.Dead, _proc.Add(4711, 5, threadGroup: 4700).Table().Lookup(4711));

    [Fact]
    public void Lookup_RecordedFiles_DoNotAskTheKernel() => Assert.Equal(ProcessLookup.Dead, _proc.Table().Lookup(Environment.ProcessId));

    [Fact]
    public void Lookup_HiddenButExisting_CannotInspect() =>
        Assert.Equal(ProcessLookup.CannotInspect, _proc.Table(mayExist: pid => pid == 4711).Lookup(4711));

    [Fact]
    public void Lookup_StartedMeanwhile_IsAlive()
    {
        var table = _proc.Table(mayExist: pid =>
        {
            _proc.Add(pid, 5);
            return true;
        });

        Assert.Equal(ProcessPresence.Alive, table.Lookup(4711).Presence);
    }

    [Fact]
    public void Lookup_EntryThatCannotBeRead_CannotInspect()
    {
        Directory.CreateDirectory(Path.Combine(_proc.Root, "4711/stat"));

        Assert.Equal(ProcessLookup.CannotInspect, _proc.Table().Lookup(4711));
    }

    [Fact]
    public void Lookup_UnknownFormat_CannotInspect() =>
        Assert.Equal(ProcessLookup.CannotInspect, _proc.Write("4711/stat", "not a stat line").Table().Lookup(4711));

    [Fact]
    public void Identify_CannotInspect_Throws()
    {
        var table = _proc.Table(mayExist: _ => true);

        var e = Assert.Throws<UnauthorizedAccessException>(() => table.Identify(4711));
        Assert.Contains("4711", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void IsAliveAndIsGone_SameProcess_AliveAndNotGone()
    {
        var table = _proc.Add(4711, 500).Table();
        var identity = new ProcessIdentity(4711, 500, RecordedProc.Boot);

        Assert.True(table.IsAlive(identity));
        Assert.False(table.IsGone(identity));
    }

    [Theory]
    [InlineData(4711, 499, RecordedProc.Boot)] // the PID was used again
    [InlineData(4711, 500, "11111111-d0a6-4dc1-b0ad-0ad4229d1d8a")] // the machine was booted meanwhile
    [InlineData(4712, 500, RecordedProc.Boot)]
    public void IsAliveAndIsGone_OtherProcess_GoneAndNotAlive(int pid, long ticks, string boot)
    {
        var table = _proc.Add(4711, 500).Table();
        var identity = new ProcessIdentity(pid, ticks, boot);

        Assert.False(table.IsAlive(identity));
        Assert.True(table.IsGone(identity));
    }

    [Fact]
    public void IsAliveAndIsGone_CannotInspect_Neither()
    {
        var table = _proc.Table(mayExist: _ => true);
        var identity = new ProcessIdentity(4711, 500, RecordedProc.Boot);

        Assert.False(table.IsAlive(identity));
        Assert.False(table.IsGone(identity));
    }

    [Fact]
    public void Describe_AllReadable_GivesAllFields()
    {
        _proc.Add(4711, 500, parent: 12, session: 77, name: "python3").Link("4711/exe", "/usr/bin/python3.11 (deleted)");

        var info = _proc.Table().Describe(4711)!;

        Assert.Equal(new ProcessIdentity(4711, 500, RecordedProc.Boot), info.Identity);
        Assert.Equal((12, 77, 'S', "python3"), (info.ParentPid, info.Session, info.State, info.Name));
        Assert.Equal("/usr/bin/python3.11 (deleted)", info.Executable);
        Assert.False(info.IsZombie);
    }

    [Fact]
    public void Describe_ExecutableNotReadable_GivesTheName()
    {
        var info = _proc.Write("5/stat", "5 (kworker/R-sync_wq) I 2 0 0 0 -1 69238880 0 0 0 0 0 0 0 0 0 -20 1 0 25 0 0 18446744073709551615").Table().Describe(5)!;

        Assert.Equal("kworker/R-sync_wq", info.Executable);
    }

    [Fact]
    public void Snapshot_SeveralProcesses_ListsOnlyProcesses()
    {
        _proc.Write("5/stat", "5 (kworker/R-sync_wq) I 2 0 0 0 -1 69238880 0 0 0 0 0 0 0 0 0 -20 1 0 25 0 0 18446744073709551615").Add(1, 0).Add(4711, 500).Add(4712, 501, state: 'Z').Write("5000/comm", "no stat file");

        Assert.Equal([1, 4711, 4712], _proc.Table().Snapshot().Select(process => process.Pid).Order());
    }

    [Fact]
    public void StartTimeOf_RecordedBoot_AddsTheTicks() =>
        Assert.Equal(
            DateTimeOffset.FromUnixTimeSeconds(1795465731).AddMilliseconds(1_897_100),
            _proc.Table().StartTimeOf(new ProcessIdentity(4711, 189710, RecordedProc.Boot)));

    [Fact]
    public void LockHolders_DescriptorOnTheFile_HoldsOnlyWithTheLock()
    {
        const string Held = "pos:\t28852\nlock:\t1: FLOCK  ADVISORY  WRITE 28851 fe:00:11657844 0 EOF\n";
        var file = Path.Combine(_proc.Root, "the.lock");
        File.WriteAllText(file, "");
        _proc.Add(10, 1).Link("10/fd/7", file).Write("10/fdinfo/7", Held);
        _proc.Add(11, 1).Link("11/fd/7", file).Write("11/fdinfo/7", "pos:\t0\n");
        _proc.Add(12, 1).Link("12/fd/7", Path.Combine(_proc.Root, "stat")).Write("12/fdinfo/7", Held);
        _proc.Add(13, 1).Link("13/fd/3", "/nowhere").Link("13/fd/4", file).Write("13/fdinfo/4", Held);
        var table = _proc.Table();

        _proc.Add(14, 1).Link("14/fd/7", file).Write("14/fdinfo/7", Held.Replace("WRITE", "READ ", StringComparison.Ordinal));

        Assert.Equal([10, 13], table.LockHolders(file).Order());
        Assert.Equal([new(10, 28852, false), new(13, 28852, false), new(14, 28852, true)], table.HoldersOf(file).OrderBy(h => h.Pid));
        Assert.True(table.HoldsLock(10, file));
        Assert.False(table.HoldsLock(11, file));
        Assert.False(table.HoldsLock(12, file));
    }

    [Fact]
    public void FindLockHolder_PidOfTheTakerIsUsedAgain_FindsWhoHoldsIt()
    {
        var file = Path.Combine(_proc.Root, "the.lock");
        File.WriteAllText(file, "");
        var inode = FileIdentity.Of(file)!.Value.File;
        _proc.Write("locks", string.Create(CultureInfo.InvariantCulture, $"1: FLOCK  ADVISORY  WRITE 11 fe:00:{inode} 0 EOF\n"));
        _proc.Add(10, 1).Link("10/fd/7", file).Write("10/fdinfo/7", "pos:\t10\nlock:\t1: FLOCK  ADVISORY  WRITE 11 fe:00:1 0 EOF\n");
        _proc.Add(11, 900).Link("11/fd/7", file).Write("11/fdinfo/7", "pos:\t0\n");

        Assert.Equal(10, _proc.Table().FindLockHolder(file));
    }

    [Fact]
    public void FindLockHolder_TakerHoldsIt_IsFoundWithoutALookAtOthers()
    {
        var file = Path.Combine(_proc.Root, "the.lock");
        File.WriteAllText(file, "");
        const string Held = "pos:\t10\nlock:\t1: FLOCK  ADVISORY  WRITE 11 fe:00:1 0 EOF\n";
        _proc.Add(10, 1).Link("10/fd/7", file).Write("10/fdinfo/7", Held);
        _proc.Add(11, 1).Link("11/fd/7", file).Write("11/fdinfo/7", Held);

        foreach (var taker in (int[])[10, 11])
        {
            _proc.Write("locks", string.Create(CultureInfo.InvariantCulture, $"1: FLOCK  ADVISORY  WRITE {taker} fe:00:{FileIdentity.Of(file)!.Value.File} 0 EOF\n"));
            Assert.Equal(taker, _proc.Table().FindLockHolder(file));
        }

        Assert.Null(_proc.Table().FindLockHolder(Path.Combine(_proc.Root, "another.lock")));
    }

    [Fact]
    public void HoldersOf_SeveralFiles_EachHasItsOwn()
    {
        var (first, second, free) = (Path.Combine(_proc.Root, "first.lock"), Path.Combine(_proc.Root, "second.lock"), Path.Combine(_proc.Root, "free.lock"));
        File.WriteAllText(first, "");
        File.WriteAllText(second, "");
        _proc.Add(10, 1).Link("10/fd/3", first).Write("10/fdinfo/3", Held(10)).Link("10/fd/4", first).Write("10/fdinfo/4", Held(10));
        _proc.Add(11, 1).Link("11/fd/3", second).Write("11/fdinfo/3", Held(11)).Link("11/fd/4", first).Write("11/fdinfo/4", "pos:\t0\n");
        _proc.Add(12, 1).Link("12/fd/3", second).Write("12/fdinfo/3", Held(11)).Link("12/fd/4", first).Write("12/fdinfo/4", Held(10));

        var holders = _proc.Table().HoldersOf([first, second, free, ""]);

        Assert.Equal([new(10, 10, false), new(12, 10, false)], holders[first].OrderBy(h => h.Pid));
        Assert.Equal([new(11, 11, false), new(12, 11, false)], holders[second].OrderBy(h => h.Pid));
        Assert.Empty(holders[free]);
        Assert.Empty(holders[""]);

        static string Held(int root) => $"pos:\t{root}\nlock:\t1: FLOCK  ADVISORY  WRITE 1 fe:00:1 0 EOF\n";
    }

    [Fact]
    public void LockHolders_MainThreadEnded_FoundByTheOtherThread()
    {
        var file = Path.Combine(_proc.Root, "the.lock");
        File.WriteAllText(file, "");
        Directory.CreateDirectory(Path.Combine(_proc.Root, "10/task/10/fd"));
        _proc.Add(10, 1, state: 'Z', threads: 2).Link("10/task/11/fd/7", file).Write("10/task/11/fdinfo/7", "lock:\t1: FLOCK  ADVISORY  WRITE 1 fe:00:1 0 EOF\n");

        Assert.Equal([10], _proc.Table().LockHolders(file));
    }

    [Fact]
    public void HolderOf_LockThatMovesToAnotherDescriptor_IsFoundAgain()
    {
        var file = LockFile("the.lock");
        _proc.Add(10, 1).Link("10/fd/3", "/nowhere").Link("10/fd/7", file).Write("10/fdinfo/7", Held(10));
        var table = _proc.Table();
        Assert.Equal(new LockHolder(10, 10, false), table.HolderOf(10, file));

        // It holds it now by another descriptor, then shared, then not at all.
        File.Delete(Path.Combine(_proc.Root, "10/fd/7"));
        _proc.Link("10/fd/5", file).Write("10/fdinfo/5", Held(12));
        Assert.Equal(new LockHolder(10, 12, false), table.HolderOf(10, file));
        _proc.Write("10/fdinfo/5", Held(12).Replace("WRITE", "READ", StringComparison.Ordinal));
        Assert.Equal(new LockHolder(10, 12, true), table.HolderOf(10, file));
        Assert.False(table.HoldsLock(10, file));
        _proc.Write("10/fdinfo/5", "pos:\t12\n");
        Assert.Null(table.HolderOf(10, file));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(11)]
    public void HolderOf_NoProcess_IsNone(int pid) => Assert.Null(_proc.Table().HolderOf(pid, LockFile("the.lock")));

    [Theory]
    [InlineData(0, 0)] // another program
    [InlineData(28852, 28852)]
    [InlineData(int.MaxValue, int.MaxValue)]
    [InlineData(int.MaxValue + 1L, 0)] // no PID
    public void HolderOf_PositionOfTheLock_IsTheRoot(long position, int root)
    {
        var file = LockFile("the.lock");
        _proc.Add(10, 1).Link("10/fd/7", file).Write("10/fdinfo/7", Held(position));

        Assert.Equal(new LockHolder(10, root, false), _proc.Table().HolderOf(10, file));
    }

    [Theory]
    [InlineData("monitor-daemon-2.lock", 12, "WRITE", true)]
    [InlineData("monitor-daemon-2.lock (deleted)", 12, "WRITE", true)]
    [InlineData("monitor-daemon-2.lock", 0, "WRITE", false)] // taken by another program
    [InlineData("monitor-daemon-2.lock", 12, "READ", false)]
    [InlineData("other.lock", 12, "WRITE", false)]
    [InlineData("monitor-daemon-2.pid", 12, "WRITE", false)]
    [InlineData("monitor-daemon-1.lock", 12, "WRITE", false)] // its own
    public void HoldsAnotherLock_LockOfAFile_CountsWhereItIsThatOfAnotherInstance(string name, long position, string kind, bool expected)
    {
        var own = LockFile("monitor-daemon-1.lock");
        _proc.Add(10, 1).Link("10/fd/3", "/nowhere").Link("10/fd/7", LockFile(name)).Write("10/fdinfo/7", Held(position).Replace("WRITE", kind, StringComparison.Ordinal));

        Assert.Equal(expected, _proc.Table().HoldsAnotherLock(10, own));
        Assert.False(_proc.Table().HoldsAnotherLock(11, own));
    }

    [Fact]
    public void InnermostPid_ProcessInAContainer_IsItsOwnName()
    {
        var table = _proc.Add(10, 1).Write("10/status", "Name:\tcat\nTgid:\t10\nNSpid:\t10\t7\n").Add(11, 1).Table();

        Assert.Equal([7, 11, 12], ((int[])[10, 11, 12]).Select(table.InnermostPid));
    }

    [Fact]
    public void ExecutableOf_Link_IsItsTargetElseTheName()
    {
        var table = _proc.Add(10, 1).Link("10/exe", "/usr/bin/cat").Add(11, 1, name: "kthread").Table();

        Assert.Equal(["/usr/bin/cat", "kthread", null], ((int[])[10, 11, 12]).Select(table.ExecutableOf));
    }

    [Fact]
    public void EldestOf_SharedDescriptor_IsTheProcessWhoseParentIsNotAmongThem()
    {
        var table = _proc.Add(10, 1, parent: 12).Add(11, 1, parent: 10).Add(12, 1, parent: 1).Table();

        Assert.Equal(12, table.EldestOf([10, 11, 12])!.Pid);
        Assert.Equal(10, table.EldestOf([10, 11])!.Pid);
        Assert.Equal(10, table.EldestOf([99, 11, 10])!.Pid);
        Assert.Null(table.EldestOf([99]));
        Assert.Equal(13, _proc.Add(13, 1, parent: 99).Table().EldestOf([13, 99])!.Pid); // its parent had it too, and has ended
    }

    [Fact]
    public void Identify_NoSuchProcess_IsNone() => Assert.Null(_proc.Table().Identify(4711));

    [Theory]
    [InlineData("cpu  1 2 3\n")]
    [InlineData("cpu  1\nbtime x\n")]
    [InlineData("cpu  1\nbtime -5\n")]
    [InlineData("cpu  1\nbtime 99999999999999\n")]
    public void StartTimeOf_TimeOfTheBootIsNotKnown_Throws(string stat)
    {
        var table = _proc.Write("stat", stat).Table();

        Assert.Equal($"{_proc.Root}/stat has no line 'btime', so the time of the boot is unknown.", Assert.Throws<IOException>(() => table.StartTimeOf(default)).Message);
    }

    [Fact]
    public void BootId_CannotBeRead_IsEmpty()
    {
        File.Delete(Path.Combine(_proc.Root, "sys/kernel/random/boot_id"));

        Assert.Equal("", _proc.Table().BootId);
    }

    [Fact]
    public void Lookup_PidOfAProcessThatIsUsedAgainByAThread_IsDead()
    {
        var table = _proc.Add(10, 500).Table();
        Assert.Equal(ProcessPresence.Alive, table.Lookup(10).Presence);
        Assert.Equal(ProcessPresence.Alive, table.Lookup(10).Presence);

        _proc.Add(10, 501, threadGroup: 7);

        Assert.Equal(ProcessLookup.Dead, table.Lookup(10));
    }

    [Fact]
    public void Lookup_StatusThatCannotBeRead_IsTakenAsAProcess()
    {
        var table = _proc.Add(10, 500).Table();
        File.Delete(Path.Combine(_proc.Root, "10/status"));

        Assert.Equal(ProcessPresence.Alive, table.Lookup(10).Presence);
    }

    [Theory]
    [InlineData('Z', 1, true)]
    [InlineData('Z', 0, true)]
    [InlineData('Z', 2, false)]
    [InlineData('X', 2, true)]
    [InlineData('x', 2, true)]
    [InlineData('S', 1, false)]
    public void IsZombie_StateAndThreads_TellIt(char state, int threads, bool isZombie) =>
        Assert.Equal(isZombie, _proc.Add(10, 1, state: state, threads: threads).Table().Describe(10)!.IsZombie);

    [Theory]
    [InlineData(12, false, false, true, true)]
    [InlineData(0, false, false, false, false)] // another program
    [InlineData(12, true, false, false, false)] // shared
    [InlineData(12, false, true, true, false)] // a deleted file with the same name
    public void LockHolder_Mark_TellsAnInstance(int root, bool isShared, bool isDeleted, bool isOfAnInstance, bool isOurs)
    {
        var holder = new LockHolder(10, root, isShared, isDeleted);

        Assert.Equal((isOfAnInstance, isOurs), (holder.IsOfAnInstance, holder.IsOurs));
    }

    [Fact]
    public void Identity_InWords_NamesPidAndStart() => Assert.Equal("PID 10 (started at tick 5)", new ProcessIdentity(10, 5, "boot").ToString());

    private string LockFile(string name)
    {
        var file = Path.Combine(_proc.Root, name);
        File.WriteAllText(file, "");
        return file;
    }

    private static string Held(long position) => $"pos:\t{position}\nlock:\t1: FLOCK  ADVISORY  WRITE 28851 fe:00:11657844 0 EOF\n";
}
