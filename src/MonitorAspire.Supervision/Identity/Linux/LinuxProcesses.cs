using System.Buffers;
using System.Buffers.Text;
using System.Text;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Identity.Linux;

/// <summary>Processes as <c>/proc</c> shows them.</summary>
/// <param name="files">The files.</param>
/// <param name="mayExist">
/// Whether a PID without an entry may exist all the same; default asks the kernel (<c>hidepid</c> hides the entries of others,
/// and a chroot may lack <c>/proc</c> altogether), a recording knows no more than its files.
/// </param>
internal sealed class LinuxProcesses(ProcFiles files, Func<int, bool>? mayExist = null) : IProcessSource
{
    private readonly Func<int, bool> _mayExist = mayExist ?? (files.IsReal ? SignalZeroReaches : static _ => false);
    private string? _bootId;
    private long _bootTime;

    public string BootId => _bootId ??= ReadBootId();

    public long TicksPerSecond { get; } = files.IsReal && LibC.SysConf(LibC.ScClockTicks) is > 0 and var ticks ? ticks : 100;

    public ProcessLookup Lookup(int pid)
    {
        if (pid <= 0)
        {
            return ProcessLookup.Dead;
        }

        var buffer = new ArrayBufferWriter<byte>(4096);
        var access = ReadStat(pid, buffer, out var stat);
        if (access == ProcAccess.Missing && _mayExist(pid))
        {
            // It may have been born between the two looks.
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
            _ when IsThread(pid, buffer) => ProcessLookup.Dead,
            _ => ProcessLookup.Alive(IdentityOf(stat)),
        };
    }

    public ProcessInfo? Describe(int pid)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        var first = Describe(pid, buffer);

        // Several files were read; that they spoke of one process life is certain only if it is still the same.
        return first is not null && ReadStat(pid, buffer, out var stat) == ProcAccess.Ok && stat.StartTicks != first.StartTicks
            ? Describe(pid, buffer)
            : first;
    }

    public IReadOnlyList<ProcessInfo> Snapshot()
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        var pids = Pids();
        var processes = new List<ProcessInfo>(pids.Count);
        foreach (var pid in pids)
        {
            if (ReadStat(pid, buffer, out var stat) == ProcAccess.Ok)
            {
                processes.Add(InfoOf(stat));
            }
        }

        return processes;
    }

    public IReadOnlyList<int> LockHolders(string lockFilePath)
    {
        var scan = new LockScan(files, lockFilePath);
        var holders = new List<int>();
        foreach (var pid in Pids())
        {
            if (scan.IsHeldBy(pid))
            {
                holders.Add(pid);
            }
        }

        return holders;
    }

    public bool HoldsLock(int pid, string lockFilePath) => pid > 0 && new LockScan(files, lockFilePath).IsHeldBy(pid);

    public bool HasEnvironment(int pid, string name, string value)
    {
        var buffer = new ArrayBufferWriter<byte>(8192);
        return pid > 0
            && files.Read($"{pid}/environ", buffer) == ProcAccess.Ok
            && NullSeparated.Contains(buffer.WrittenSpan, Encoding.UTF8.GetBytes($"{name}={value}"));
    }

    public DateTimeOffset StartTimeOf(ProcessIdentity identity)
    {
        if (_bootTime == 0)
        {
            var buffer = new ArrayBufferWriter<byte>(16384);
            _ = files.Read("stat", buffer);
            var at = buffer.WrittenSpan.IndexOf("\nbtime "u8);
            if (at < 0 || !Utf8Parser.TryParse(buffer.WrittenSpan[(at + 7)..], out _bootTime, out _))
            {
                throw new IOException($"{files.Root}/stat has no line 'btime': the time of boot is not to be told.");
            }
        }

        return DateTimeOffset.FromUnixTimeSeconds(_bootTime) + TimeSpan.FromSeconds((double)identity.StartTicks / TicksPerSecond);
    }

    /// <summary>All visible PIDs.</summary>
    public List<int> Pids()
    {
        var pids = new List<int>(256);
        _ = files.ListNumbers("", pids);
        return pids;
    }

    private static bool SignalZeroReaches(int pid) =>
        LibC.Kill(pid, 0) == 0 || System.Runtime.InteropServices.Marshal.GetLastPInvokeError() != LibC.Esrch;

    private ProcAccess ReadStat(int pid, ArrayBufferWriter<byte> buffer, out ProcStat stat)
    {
        stat = default;
        var access = files.Read($"{pid}/stat", buffer);
        return access == ProcAccess.Ok && !ProcStat.TryParse(buffer.WrittenSpan, out stat) ? ProcAccess.Unreadable : access;
    }

    // /proc answers for thread ids too, though it does not list them; and a signal to a thread's id ends its whole process. A
    // PID that is a mere thread by now is not the process that it named.
    private bool IsThread(int pid, ArrayBufferWriter<byte> buffer) =>
        files.Read($"{pid}/status", buffer) == ProcAccess.Ok
        && ProcStatus.TryParse(buffer.WrittenSpan, out var status)
        && status.ThreadGroup != pid;

    private ProcessInfo? Describe(int pid, ArrayBufferWriter<byte> buffer)
    {
        if (pid <= 0 || ReadStat(pid, buffer, out var stat) != ProcAccess.Ok)
        {
            return null;
        }

        return InfoOf(stat) with
        {
            Uid = files.Read($"{pid}/status", buffer) == ProcAccess.Ok && ProcStatus.TryParse(buffer.WrittenSpan, out var status) ? status.Uid : null,
            Arguments = files.Read($"{pid}/cmdline", buffer) == ProcAccess.Ok ? NullSeparated.Parse(buffer.WrittenSpan) : [],
        };
    }

    private ProcessInfo InfoOf(in ProcStat stat) => new()
    {
        Identity = IdentityOf(stat),
        ParentPid = stat.ParentPid,
        ProcessGroup = stat.ProcessGroup,
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
