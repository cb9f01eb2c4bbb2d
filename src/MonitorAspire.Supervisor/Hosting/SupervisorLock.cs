using System.Globalization;
using System.Text;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervisor.Hosting;

/// <summary>The lock that admits one supervisor to a port: its files have one writer. The kernel releases it when
/// the process ends, however it ends.</summary>
internal sealed class SupervisorLock : IDisposable
{
    private readonly string _path;
    private InstanceLock _lock;
    private byte[] _ports = [];
    private string? _location;

    private SupervisorLock(string path, InstanceLock taken)
    {
        _path = path;
        _lock = taken;
        _location = Location(taken);
    }

    /// <summary>Whether another supervisor has taken the lock since the file was deleted.</summary>
    internal bool IsLost { get; private set; }

    /// <summary>Whether the locked file still is the file at its path. If not, the next supervisor would lock another file.</summary>
    internal bool IsInPlace => File.Exists(_path) && Location(_lock) == _location;

    /// <summary>Takes the lock; <see langword="null"/> where another process has it, which <paramref name="holder"/> then describes.</summary>
    internal static SupervisorLock? TryTake(string path, out string holder)
    {
        var isNew = !File.Exists(path);
        var taken = InstanceLock.TryAcquire(path);

        // If the file was deleted its holder still runs, and puts it back soon.
        if (taken is not null && !(isNew && OtherHolders(path).Count > 0))
        {
            holder = "";
            return new SupervisorLock(path, taken);
        }

        taken?.Dispose();
        holder = Describe(path);
        return null;
    }

    /// <summary>Locks the file that is at the path now. Returns false where another process has the lock.</summary>
    internal bool TryTakeAgain(out string holder)
    {
        if (InstanceLock.TryAcquire(_path) is not { } taken)
        {
            IsLost = true;
            holder = Describe(_path);
            return false;
        }

        holder = "";
        _lock.Dispose();
        _lock = taken;
        _location = Location(taken);
        WritePorts();
        return true;
    }

    /// <summary>Writes to the lock file which daemons this supervisor launches, by their ports. Two supervisors would restart each other's
    /// daemons. Returns who launches one of them already, or <see langword="null"/>.</summary>
    internal string? Claim(IReadOnlyCollection<int> ports)
    {
        _ports = Encoding.ASCII.GetBytes(string.Concat(ports.Select(port => string.Create(CultureInfo.InvariantCulture, $"{port}\n"))));
        WritePorts();
        return Directory.EnumerateFiles(Path.GetDirectoryName(_path)!, $"{SupervisorFiles.Prefix}*.lock")
            .Where(path => path != _path && InstanceLock.IsHeld(path) == true)
            .Select(path => (Path: path, Port: ReadPorts(path).Cast<int?>().FirstOrDefault(port => ports.Contains(port!.Value))))
            .Where(other => other.Port is not null)
            .Select(other => string.Create(CultureInfo.InvariantCulture, $"another supervisor looks after port {other.Port}: {Describe(other.Path)}"))
            .FirstOrDefault();
    }

    public void Dispose() => _lock.Dispose();

    private void WritePorts()
    {
        RandomAccess.SetLength(_lock.Handle, _ports.Length);
        RandomAccess.Write(_lock.Handle, _ports, 0);
    }

    // Another supervisor may end, or write, at the same time.
    private static IEnumerable<int> ReadPorts(string path)
    {
        try
        {
            using var reader = new StreamReader(new FileStream(NoFollowFile.OpenRead(path), FileAccess.Read));
            return [.. reader.ReadToEnd().Split('\n').Select(line => int.TryParse(line, CultureInfo.InvariantCulture, out var port) ? port : 0)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // Linux tells the path of an open file, with " (deleted)" after it where the file was deleted.
    private static string? Location(InstanceLock taken) => OperatingSystem.IsLinux()
        ? File.ResolveLinkTarget($"/proc/self/fd/{taken.Handle.DangerousGetHandle()}", returnFinalTarget: false)?.FullName
        : null;

    // A holder of a deleted file with this path is found as well.
    private static IReadOnlyList<int> OtherHolders(string path) => [.. ProcessTable.Current.LockHolders(path).Where(pid => pid != Environment.ProcessId)];

    private static string Describe(string path) => ProcessTable.Current.EldestOf(OtherHolders(path)) is { } holder
        ? $"the supervisor with PID {holder.Pid} holds {path}"
        : $"a supervisor with an unknown PID holds {path}";
}
