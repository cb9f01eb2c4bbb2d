using System.Buffers;
using System.Buffers.Text;
using System.Text;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Identity.Linux;

/// <summary>
/// Processes as <c>/proc</c> shows them. A PID without an entry may exist, because <c>hidepid</c> hides the entries of other users and a chroot
/// may have no <c>/proc</c>. By default the kernel is asked; for recorded files the default is no.
/// </summary>
internal sealed class LinuxProcesses(ProcFiles files, Func<int, bool>? mayExist = null) : ProcessTable
{
    private const int Guesses = 1024;
    private const long LatestBoot = 1L << 35; // seconds; in the year 3058

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _lookupBuffer;

    private readonly Func<int, bool> _mayExist = mayExist ?? (files.IsReal ? SignalZeroReaches : static _ => false);
    private readonly long _ticksPerSecond = files.IsReal && LibC.SysConf(LibC.ScClockTicks) is > 0 and var ticks ? ticks : 100;

    // Each is only a first guess, and checked: the descriptor of its lock, and the identity that is known to be a process and no thread.
    private readonly int[] _lockDescriptors = new int[Guesses];
    private readonly long[] _noThreads = new long[Guesses];
    private string? _bootId;
    private long _bootTime;

    public override ProcFiles Files => files;

    public override string BootId => _bootId ??= ReadBootId();

    public override ProcessLookup Lookup(int pid)
    {
        if (pid <= 0)
        {
            return ProcessLookup.Dead;
        }

        var buffer = _lookupBuffer ??= new ArrayBufferWriter<byte>(4096);
        var access = ReadStat(pid, buffer, out var stat);
        if (access == ProcAccess.Missing && _mayExist(pid))
        {
            // It may have been started meanwhile.
            access = ReadStat(pid, buffer, out stat);
            if (access == ProcAccess.Missing && _mayExist(pid))
            {
                return ProcessLookup.CannotInspect;
            }
        }

        return access switch
        {
            ProcAccess.Missing => ProcessLookup.Dead,
            ProcAccess.Unreadable => ProcessLookup.CannotInspect,
            _ when stat.IsDead => ProcessLookup.Dead,
            _ when IsThread(stat, buffer) => ProcessLookup.Dead,
            _ => ProcessLookup.Alive(IdentityOf(stat)),
        };
    }

    public override ProcessInfo? Describe(int pid)
    {
        var buffer = _lookupBuffer ??= new ArrayBufferWriter<byte>(4096);
        if (pid <= 0 || ReadStat(pid, buffer, out var stat) != ProcAccess.Ok)
        {
            return null;
        }

        // Two files are read. The PID may have been used again in between, and then both are read once more.
        var info = InfoOf(stat);
        return ReadStat(pid, buffer, out var now) == ProcAccess.Ok && now.StartTicks != stat.StartTicks ? InfoOf(now) : info;
    }

    public override string? ExecutableOf(int pid) => files.ReadLink($"{pid}/exe") is { Length: > 0 } path ? path : base.ExecutableOf(pid);

    public override IReadOnlyList<ProcessInfo> Snapshot()
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        var processes = new List<ProcessInfo>(256);
        foreach (var pid in AllPids())
        {
            if (ReadStat(pid, buffer, out var stat) == ProcAccess.Ok && !stat.IsKernelThread)
            {
                processes.Add(InfoOf(stat));
            }
        }

        return processes;
    }

    public override ILookup<string, LockHolder> HoldersOf(IReadOnlyCollection<string> lockFilePaths) => LockScan.Holders(files, AllPids(), lockFilePaths);

    public override LockHolder? HolderOf(int pid, string lockFilePath) =>
        pid > 0 ? new LockScan(files, lockFilePath).HolderOf(pid, ref _lockDescriptors[pid % Guesses]) : null;

    public override bool HoldsAnotherLock(int pid, string lockFilePath) => new LockScan(files, lockFilePath).HoldsAnother(pid);

    protected override IReadOnlyList<int> LockTakers(string lockFilePath)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        return ProcFiles.Stat(lockFilePath, out var file, out _) == ProcAccess.Ok && files.Read("locks", buffer) == ProcAccess.Ok
            ? SmallFormats.LockTakers(buffer.WrittenSpan, file.File)
            : [];
    }

    public override int InnermostPid(int pid)
    {
        var buffer = new ArrayBufferWriter<byte>(2048);
        return files.Read($"{pid}/status", buffer) == ProcAccess.Ok && SmallFormats.InnermostPid(buffer.WrittenSpan) is { } inner ? inner : pid;
    }

    public override DateTimeOffset StartTimeOf(ProcessIdentity identity)
    {
        if (_bootTime == 0)
        {
            var buffer = new ArrayBufferWriter<byte>(16384);
            _ = files.Read("stat", buffer);
            var at = buffer.WrittenSpan.IndexOf("\nbtime "u8);
            if (at < 0 || !Utf8Parser.TryParse(buffer.WrittenSpan[(at + 7)..], out _bootTime, out _) || _bootTime is < 0 or > LatestBoot)
            {
                throw new IOException($"{files.Root}/stat has no line 'btime', so the time of the boot is unknown.");
            }
        }

        return DateTimeOffset.FromUnixTimeSeconds(_bootTime) + TimeSpan.FromSeconds((double)identity.StartTicks / _ticksPerSecond);
    }

    // A process that forks and ends between the list and the look at it leaves a child that is not in the list. So the list is read again after
    // the look at all of its processes, until it has no new ones. A machine that starts processes all the time ends this as well.
    private IEnumerable<int> AllPids()
    {
        const int Lists = 20;
        var pids = new List<int>(256);
        var seen = new HashSet<int>(256);
        for (var list = 0; list < Lists; list++)
        {
            _ = files.ListNumbers("", pids);
            int[] added = [.. pids.Where(seen.Add)];
            if (added.Length == 0)
            {
                break;
            }

            foreach (var pid in added)
            {
                yield return pid;
            }
        }
    }

    private static bool SignalZeroReaches(int pid) =>
        LibC.Kill(pid, 0) == 0 || System.Runtime.InteropServices.Marshal.GetLastPInvokeError() != Errno.NoProcess;

    private ProcAccess ReadStat(int pid, ArrayBufferWriter<byte> buffer, out ProcStat stat)
    {
        stat = default;
        var access = files.Read($"{pid}/stat", buffer, isOneRecord: true);
        return access == ProcAccess.Ok && !ProcStat.TryParse(buffer.WrittenSpan, out stat) ? ProcAccess.Unreadable : access;
    }

    // /proc has entries for thread ids too, though it does not list them, and a signal to a thread id reaches the whole process. So a PID
    // that was used again for a thread is not the process that it named before.
    // What was a process stays one: a thread with its PID has another start time.
    private bool IsThread(in ProcStat stat, ArrayBufferWriter<byte> buffer)
    {
        const int PidBits = 22; // the kernel's PID_MAX_LIMIT
        var (pid, start) = (stat.Pid, (stat.StartTicks << PidBits) | (long)stat.Pid);
        ref var known = ref _noThreads[pid % Guesses];
        if (Volatile.Read(ref known) == start)
        {
            return false;
        }

        if (files.Read($"{pid}/status", buffer) != ProcAccess.Ok || SmallFormats.ThreadGroup(buffer.WrittenSpan) is not { } group)
        {
            return false;
        }

        if (group == pid)
        {
            Volatile.Write(ref known, start);
        }

        return group != pid;
    }

    private ProcessInfo InfoOf(in ProcStat stat) => new()
    {
        Identity = IdentityOf(stat),
        ParentPid = stat.ParentPid,
        Session = stat.Session,
        State = stat.State,
        ThreadCount = stat.ThreadCount,
        Name = stat.Name,
        Executable = files.ReadLink($"{stat.Pid}/exe") is { Length: > 0 } path ? path : stat.Name,
    };

    private ProcessIdentity IdentityOf(in ProcStat stat) => new(stat.Pid, stat.StartTicks, BootId);

    private string ReadBootId()
    {
        var buffer = new ArrayBufferWriter<byte>(64);
        return files.Read("sys/kernel/random/boot_id", buffer) == ProcAccess.Ok
            ? Encoding.ASCII.GetString(buffer.WrittenSpan).Trim()
            : "";
    }
}
