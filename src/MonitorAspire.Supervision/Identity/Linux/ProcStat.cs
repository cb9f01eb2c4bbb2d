using System.Buffers.Text;
using System.Text;

namespace MonitorAspire.Supervision.Identity.Linux;

/// <summary>
/// The fields of <c>/proc/PID/stat</c> that are used. A parent outside the PID namespace is 0. The start is in clock ticks since boot. A thread of the kernel
/// has no program, no environment and no descriptors.
/// </summary>
internal readonly record struct ProcStat(int Pid, string Name, char State, int ParentPid, int Session, int ThreadCount, long StartTicks, bool IsKernelThread = false)
{
    private const long KernelThread = 0x0020_0000; // PF_KTHREAD in include/linux/sched.h

    /// <summary>
    /// Whether it is dead, reaped or not. The state is the state of the main thread only: a program whose main function called
    /// <c>pthread_exit</c> has state <c>Z</c> and more threads, and it lives.
    /// </summary>
    public bool IsDead => State is 'X' or 'x' || (State == 'Z' && ThreadCount <= 1);

    // A kernel that counts 1000 ticks a second reaches this after seventy years.
    private const long MostTicks = (1L << 41) - 1;

    // One line, see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html:
    //
    //   19269 (cat) R 19264 19264 8278 0 -1 4194304 102 0 0 0 0 0 0 0 20 0 1 0 189710 3133440 414 18446744073709551615 …
    //   pid   comm  state ppid pgrp session tty tpgid flags …(10-19)…      20=threads 21 22=starttime
    //
    // A program sets comm itself, up to 15 bytes (64 for kernel threads). It may contain spaces, parentheses and line feeds, which are not
    // escaped, and it need not be UTF-8. No later field contains a parenthesis, so the last one ends comm.

    public static bool TryParse(ReadOnlySpan<byte> content, out ProcStat stat)
    {
        stat = default;
        var open = content.IndexOf(" ("u8);
        var close = content.LastIndexOf((byte)')');
        if (open <= 0
            || close < open + 2
            || !Utf8Parser.TryParse(content[..open], out int pid, out var consumed)
            || consumed != open
            || pid <= 0)
        {
            return false;
        }

        var rest = new Fields(content[(close + 1)..]);
        if (!rest.TryLetter(out var state)
            || !rest.TryNumber(out int parent)
            || !rest.TrySkip(1)
            || !rest.TryNumber(out int session)
            || !rest.TrySkip(2)
            || !rest.TryNumber(out long flags)
            || !rest.TrySkip(10)
            || !rest.TryNumber(out int threads)
            || !rest.TrySkip(1)
            || !rest.TryNumber(out long ticks)
            || ticks is < 0 or > MostTicks)
        {
            return false;
        }

        stat = new ProcStat(pid, Encoding.UTF8.GetString(content[(open + 2)..close]), state, parent, session, threads, ticks, (flags & KernelThread) != 0);
        return true;
    }

    /// <summary>The processor time of the process and of its children that have ended, in clock ticks: the fields 14 to 17.</summary>
    public static bool TryParseCpuTicks(ReadOnlySpan<byte> content, out long ticks)
    {
        ticks = 0;
        var rest = new Fields(content[(content.LastIndexOf((byte)')') + 1)..]);
        if (!rest.TrySkip(11)
            || !rest.TryNumber(out long user)
            || !rest.TryNumber(out long system)
            || !rest.TryNumber(out long childrenUser)
            || !rest.TryNumber(out long childrenSystem))
        {
            return false;
        }

        ticks = user + system + childrenUser + childrenSystem;
        return true;
    }

    /// <summary>Fields with one space before each.</summary>
    private ref struct Fields(ReadOnlySpan<byte> rest)
    {
        private ReadOnlySpan<byte> _rest = rest;

        public bool TryLetter(out char letter)
        {
            var found = TryNext(out var field) && field.Length == 1 && char.IsAsciiLetter((char)field[0]);
            letter = found ? (char)field[0] : default;
            return found;
        }

        public bool TryNumber(out int number)
        {
            number = 0;
            return TryNext(out var field) && Utf8Parser.TryParse(field, out number, out var consumed) && consumed == field.Length;
        }

        public bool TryNumber(out long number)
        {
            number = 0;
            return TryNext(out var field) && Utf8Parser.TryParse(field, out number, out var consumed) && consumed == field.Length;
        }

        public bool TrySkip(int count)
        {
            while (count > 0 && TryNext(out _))
            {
                count--;
            }

            return count == 0;
        }

        private bool TryNext(out ReadOnlySpan<byte> field)
        {
            field = default;
            if (_rest.IsEmpty || _rest[0] != ' ')
            {
                return false;
            }

            _rest = _rest[1..];
            var end = _rest.IndexOfAny((byte)' ', (byte)'\n');
            field = end < 0 ? _rest : _rest[..end];
            _rest = _rest[field.Length..];
            return !field.IsEmpty;
        }
    }
}
