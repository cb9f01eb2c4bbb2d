using System.Buffers;
using System.Globalization;
using System.Text;
using MonitorAspire.Supervision.Identity.Linux;

namespace MonitorAspire.Supervision.Identity;

/// <summary>
/// The environment of a process when it was executed, from <c>/proc/PID/environ</c>: <c>NAME=value</c>, each with a NUL byte at the end
/// (<see href="https://man7.org/linux/man-pages/man5/proc_pid_environ.5.html">proc_pid_environ(5)</see>).
/// </summary>
internal static class ProcessEnvironment
{
    // A stop reads the environment of every process.
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    /// <summary>The value of a variable; <see langword="null"/> where the process does not have it or the environment cannot be read.</summary>
    internal static string? Get(ProcessTable table, int pid, string name) => TryGet(table, pid, name, out var value) ? value : null;

    /// <summary>Whether the environment can be read. That of another user's process cannot, and that of a zombie is empty.</summary>
    internal static bool TryGet(ProcessTable table, int pid, string name, out string? value)
    {
        value = null;
        var environment = _buffer ??= new ArrayBufferWriter<byte>(8192);
        if (table.Files is not { } files
            || files.Read(string.Create(CultureInfo.InvariantCulture, $"{pid}/environ"), environment, isOneRecord: true) != ProcAccess.Ok
            || environment.WrittenCount == 0)
        {
            return false;
        }

        var key = Encoding.UTF8.GetBytes(name + "=");
        var rest = environment.WrittenSpan;
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOf((byte)0);
            var entry = end < 0 ? rest : rest[..end];
            if (entry.StartsWith(key))
            {
                value = Encoding.UTF8.GetString(entry[key.Length..]);
                break;
            }

            rest = end < 0 ? [] : rest[(end + 1)..];
        }

        return true;
    }
}
