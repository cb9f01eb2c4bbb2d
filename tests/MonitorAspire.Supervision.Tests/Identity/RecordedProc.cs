using System.Globalization;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Identity.Linux;

namespace MonitorAspire.Supervision.Tests.Identity;

/// <summary>A directory that looks like <c>/proc</c>.</summary>
public sealed class RecordedProc : IDisposable
{
    public const string Boot = "294ab875-d0a6-4dc1-b0ad-0ad4229d1d8a";

    public RecordedProc()
    {
        Write("sys/kernel/random/boot_id", Boot + "\n");
        Write("stat", "cpu  5106 0 3211 1033386 1008 0 71 0 0 0\nintr 1 0 0\nctxt 4096\nbtime 1795465731\nprocesses 30000\n");
        Write("net/tcp", "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n");
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("proc-").FullName;

    internal ProcessTable Table(Func<int, bool>? mayExist = null) => new LinuxProcesses(new ProcFiles(Root), mayExist);

    /// <summary>Adds a process, with stat and status in the kernel's format.</summary>
    public RecordedProc Add(int pid, long ticks, int parent = 1, int session = 1, char state = 'S', int threads = 1, string name = "daemon", int? threadGroup = null)
    {
        Write($"{pid}/stat", string.Create(CultureInfo.InvariantCulture, $"{pid} ({name}) {state} {parent} {session} {session} 0 -1 4194304 102 0 0 0 0 0 0 0 20 0 {threads} 0 {ticks} 3133440 414 18446744073709551615\n"));
        Write($"{pid}/status", string.Create(CultureInfo.InvariantCulture, $"Name:\t{name}\nTgid:\t{threadGroup ?? pid}\nPid:\t{pid}\nUid:\t1000\t1000\t1000\t1000\n"));
        Write($"{pid}/cmdline", name + "\0");
        Directory.CreateDirectory(Path.Combine(Root, $"{pid}/fd"));
        return this;
    }

    public RecordedProc Write(string path, string content)
    {
        var full = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, content);
        return this;
    }

    public RecordedProc Link(string path, string target)
    {
        var full = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.CreateSymbolicLink(full, target);
        return this;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
