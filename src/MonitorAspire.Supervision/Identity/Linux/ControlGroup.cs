using System.Globalization;

namespace MonitorAspire.Supervision.Identity.Linux;

/// <summary>
/// A control group (cgroup v2) for the processes of one instance, as systemd has one for each service. A process cannot leave it by a fork, a
/// new session, closed descriptors or an erased environment. It is a further sign only: it has no limits and no controllers, and where it cannot
/// be had, the instance runs without it.
/// </summary>
/// <param name="mountInfo">The mounts of this process.</param>
/// <param name="ownGroup">The groups of this process.</param>
/// <param name="time">The clock. Default the system's.</param>
internal sealed class ControlGroup(string mountInfo = "/proc/self/mountinfo", string ownGroup = "/proc/self/cgroup", TimeProvider? time = null)
{
    private const string Prefix = "monitor-daemon-";
    private const string Processes = "cgroup.procs";
    private const string Events = "cgroup.events";

    /// <summary>A younger group may belong to a start that is under way: the process is moved into it after it was made.</summary>
    private static readonly TimeSpan Youngest = TimeSpan.FromMinutes(1);

    /// <summary>The groups that this program can see.</summary>
    public static ControlGroup Current { get; } = new();

    /// <summary>How long the thread of the moves waits for the next one. A fleet that starts has one each millisecond, and a new thread costs more than a move.</summary>
    internal TimeSpan Lingering { get; init; } = TimeSpan.FromSeconds(1);

    private readonly Queue<Action> _moves = new();
    private Thread? _mover;

    // The mount and the group that it shows as its root. The mounts of a program do not change.
    private readonly Lazy<(string Path, string Root)?> _mount = new(() => FindMount(mountInfo));

    /// <summary>
    /// Makes the group of an instance beside the instances of this launcher, and returns its path as the kernel counts it; <see langword="null"/>
    /// where this user may not, or there is no cgroup v2.
    /// </summary>
    public string? TryCreate(string instanceId, out string? whyNot)
    {
        whyNot = "there is no cgroup v2";
        try
        {
            if (GroupOf(instanceId) is not { } group || DirectoryOf(group, instanceId) is not { } directory)
            {
                return null;
            }

            Directory.CreateDirectory(directory);
            return group;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            whyNot = e.Message;
            return null;
        }
    }

    /// <summary>
    /// Removes the empty groups of instances that have crashed, beside the instances of this launcher, unless a start can be about to use them. A
    /// start removes only the group of the record that it replaces: to look at all groups takes the square of the size of a fleet.
    /// </summary>
    public void RemoveAbandoned()
    {
        try
        {
            if (GroupOf("0-0") is { } group && DirectoryOf(group, "0-0") is { } first)
            {
                foreach (var directory in Directory.EnumerateDirectories(Path.GetDirectoryName(first)!, Prefix + "*"))
                {
                    // After the prefix comes the id of an instance, which begins with its port.
                    var id = Path.GetFileName(directory.AsSpan())[Prefix.Length..];
                    if (id.IndexOf('-') is > 0 and var end && ushort.TryParse(id[..end], NumberStyles.None, CultureInfo.InvariantCulture, out _) && IsOld(directory) && !IsPopulated(directory))
                    {
                        RemoveEmpty(directory);
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // They are not for this user.
        }
    }

    /// <summary>
    /// Moves a process into the group, or returns why that is not possible. Children that it has by now stay where they are. All moves are made one
    /// after the other: at the first one the kernel waits for all processors, and those that follow it at once take no time.
    /// </summary>
    public Task<string?> AddAsync(string group, string instanceId, int pid)
    {
        var moved = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_moves)
        {
            _moves.Enqueue(() =>
            {
                try
                {
                    moved.SetResult(WhyNotAdded(group, instanceId, pid));
                }
                catch (Exception e)
                {
                    moved.SetException(e);
                }
            });
            if (_mover is null)
            {
                // Not a thread of the pool: each of them is needed for the starts.
                _mover = new Thread(Move) { Name = "control groups" };
                _mover.Start();
            }
            else
            {
                // A command that ends now waits for the move.
                _mover.IsBackground = false;
                Monitor.Pulse(_moves);
            }
        }

        return moved.Task;
    }

    private void Move()
    {
        while (TakeMove() is { } move)
        {
            move();
        }
    }

    private Action? TakeMove()
    {
        lock (_moves)
        {
            if (_moves.Count == 0)
            {
                // A command that ends now does not wait.
                _mover!.IsBackground = true;
                Monitor.Wait(_moves, Lingering);
            }

            if (!_moves.TryDequeue(out var move))
            {
                _mover = null;
            }

            return move;
        }
    }

    private string? WhyNotAdded(string group, string instanceId, int pid)
    {
        try
        {
            using var file = new FileStream(Path.Combine(DirectoryOf(group, instanceId)!, Processes), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            Span<byte> number = stackalloc byte[11];
            _ = pid.TryFormat(number, out var length, provider: CultureInfo.InvariantCulture);
            file.Write(number[..length]);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            RemoveEmpty(DirectoryOf(group, instanceId)!);
            return e.Message;
        }
    }

    /// <summary>The PIDs in the group of an instance and in the groups below it. A group that has not the name of the instance is not believed.</summary>
    public IReadOnlyList<int> MembersOf(string? group, string? instanceId)
    {
        var members = new List<int>();
        if (DirectoryOf(group, instanceId) is { } directory)
        {
            Read(directory, members);
        }

        return members;
    }

    /// <summary>Removes the group of an instance, if it has no process any more.</summary>
    public void Remove(InstanceRecord? record)
    {
        if (DirectoryOf(record?.ControlGroup, record?.InstanceId) is { } directory)
        {
            RemoveEmpty(directory);
        }
    }

    /// <summary>The group of a living instance whose record is lost, and the id of the instance, which is in the name of the group.</summary>
    public static (string Group, string InstanceId)? Of(int pid, int port)
    {
        try
        {
            return OwnPath(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/cgroup")) is { } path
                && Path.GetFileName(path) is { } name && name.StartsWith(Prefix, StringComparison.Ordinal)
                && InstanceRecord.InstanceIdFor(port, name[Prefix.Length..]) is { } id
                    ? (path, id)
                    : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // A launcher that is an instance itself makes it beside its own group: there it can be removed when the launcher's group is gone.
    private string? GroupOf(string instanceId) => _mount.Value is not null && OwnPath(ownGroup) is { } own
        ? (own.IndexOf("/" + Prefix, StringComparison.Ordinal) is >= 0 and var at ? own[..at] : own.TrimEnd('/')) + "/" + Prefix + instanceId
        : null;

    private bool IsOld(string directory) => (time ?? TimeProvider.System).GetUtcNow() - Directory.GetLastWriteTimeUtc(directory) > Youngest;

    // The groups below it may be the daemon's own, which it fills later.
    private static bool IsPopulated(string directory)
    {
        var events = Path.Combine(directory, Events);
        try
        {
            return File.Exists(events) && File.ReadLines(events).Contains("populated 1");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private string? DirectoryOf(string? group, string? instanceId) =>
        _mount.Value is var (path, root) && group is ['/', ..] && !group.Contains('\0', StringComparison.Ordinal) && !string.IsNullOrEmpty(instanceId)
        && Path.GetFileName(group) == Prefix + instanceId && Path.GetFullPath(group) == group
        && Below(group, root) is { } relative
            ? path + relative
            : null;

    private static string? Below(string group, string root) =>
        root == "/" ? group : group.StartsWith(root + "/", StringComparison.Ordinal) ? group[root.Length..] : null;

    // "0::/system.slice/monitor.service" is the line of cgroup v2. A group outside this namespace begins with "/..".
    private static string? OwnPath(string file) => File.ReadLines(file).FirstOrDefault(l => l.StartsWith("0::/", StringComparison.Ordinal)) is { } line && !line.Contains("/..", StringComparison.Ordinal)
        ? line[3..]
        : null;

    // See https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html:
    //
    //   42 34 0:30 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw
    private static (string Path, string Root)? FindMount(string mountInfo)
    {
        try
        {
            return File.ReadLines(mountInfo).Where(l => l.Contains(" - cgroup2 ", StringComparison.Ordinal)).Select(l => l.Split(' '))
                .Where(fields => fields.Length > 4 && !fields[4].Contains('\0', StringComparison.Ordinal)).Select(fields => ((string, string)?)(fields[4].Replace(@"\040", " ", StringComparison.Ordinal), fields[3])).FirstOrDefault();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void Read(string directory, List<int> members)
    {
        try
        {
            // 0 is a process that this PID namespace does not show.
            members.AddRange(File.ReadLines(Path.Combine(directory, Processes)).Select(l => int.TryParse(l, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0).Where(pid => pid > 0));
            foreach (var below in Directory.EnumerateDirectories(directory))
            {
                Read(below, members);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It was removed meanwhile, or is not for this user.
        }
    }

    private static void RemoveEmpty(string directory)
    {
        try
        {
            foreach (var below in Directory.EnumerateDirectories(directory))
            {
                RemoveEmpty(below);
            }

            // The files in it belong to the kernel and go with it.
            Directory.Delete(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It still has a process, or is not for this user.
        }
    }
}
