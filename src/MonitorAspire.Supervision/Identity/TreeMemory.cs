using System.Buffers;
using System.Buffers.Text;
using MonitorAspire.Supervision.Identity.Linux;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Identity;

/// <summary>
/// The resident memory and the processor time of a daemon: of its main process, the descendants of that, and the session that it leads. All daemons are looked up in one
/// list of processes, which is read again after half a second.
/// </summary>
internal sealed class TreeMemory(ProcessTable processes, TimeProvider time)
{
    private static readonly TimeSpan ListAge = TimeSpan.FromMilliseconds(500);

    private readonly long _ticksPerSecond = OperatingSystem.IsLinux() && LibC.SysConf(LibC.ScClockTicks) is > 0 and var ticks ? ticks : 100;
    private readonly Lock _gate = new();
    private readonly ProcFiles? _files = processes.Files;
    private ILookup<int, ProcessInfo>? _children;
    private ILookup<int, ProcessInfo>? _sessions;
    private long _readAt;

    /// <summary>
    /// The memory in bytes; <see langword="null"/> where it is not known. Pages that several processes share are counted once for each of them,
    /// which is cheap; where the result is above the limit, they are shared out instead (PSS), which takes milliseconds for a large process.
    /// </summary>
    internal long? Of(ProcessIdentity root, long limit)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        var pids = Pids(root.Pid);
        var resident = pids.Sum(pid => Resident(pid, buffer));
        return resident == 0 ? null : resident <= limit ? resident : pids.Sum(pid => Proportional(pid, buffer) ?? Resident(pid, buffer));
    }

    /// <summary>The processor time that they have used, with children that have ended; <see langword="null"/> where it is not known.</summary>
    internal TimeSpan? CpuOf(ProcessIdentity root)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        var ticks = Pids(root.Pid).Select(pid => CpuTicks(pid, buffer)).ToList();
        return ticks.TrueForAll(t => t is null) ? null : TimeSpan.FromSeconds(ticks.Sum(t => t ?? 0) / (double)_ticksPerSecond);
    }

    private HashSet<int> Pids(int root)
    {
        ILookup<int, ProcessInfo> children, sessions;
        lock (_gate)
        {
            if (_children is null || time.GetElapsedTime(_readAt) > ListAge)
            {
                var all = processes.Snapshot();
                (_children, _sessions, _readAt) = (all.ToLookup(p => p.ParentPid), all.ToLookup(p => p.Session), time.GetTimestamp());
            }

            (children, sessions) = (_children, _sessions!);
        }

        var found = new HashSet<int> { root };
        var pending = new Stack<int>(found.Concat(sessions[root].Select(p => p.Pid)));
        while (pending.TryPop(out var pid))
        {
            found.Add(pid);
            foreach (var child in children[pid].Where(c => !found.Contains(c.Pid)))
            {
                pending.Push(child.Pid);
            }
        }

        return found;
    }

    // 2093 1060 903 2 0 158 0: size, resident, shared and others, in pages
    private long Resident(int pid, ArrayBufferWriter<byte> buffer)
    {
        if (_files?.Read($"{pid}/statm", buffer) != ProcAccess.Ok)
        {
            return 0;
        }

        var rest = buffer.WrittenSpan[(buffer.WrittenSpan.IndexOf((byte)' ') + 1)..];
        return Utf8Parser.TryParse(rest, out long pages, out _) ? pages * Environment.SystemPageSize : 0;
    }

    private long? CpuTicks(int pid, ArrayBufferWriter<byte> buffer) =>
        _files?.Read($"{pid}/stat", buffer, isOneRecord: true) == ProcAccess.Ok && ProcStat.TryParseCpuTicks(buffer.WrittenSpan, out var ticks) ? ticks : null;

    // Pss:                1234 kB
    private long? Proportional(int pid, ArrayBufferWriter<byte> buffer)
    {
        if (_files?.Read($"{pid}/smaps_rollup", buffer) != ProcAccess.Ok || buffer.WrittenSpan.IndexOf("\nPss:"u8) is not (> 0 and var at))
        {
            return null;
        }

        return Utf8Parser.TryParse(buffer.WrittenSpan[(at + 5)..].TrimStart((byte)' '), out long kibibytes, out _) ? kibibytes * 1024 : null;
    }
}
