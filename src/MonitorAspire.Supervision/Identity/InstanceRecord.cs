using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Identity;

/// <summary>
/// What the state directory stores about an instance: identity, command and history. Adoption and diagnosis read it. It has setters because
/// the JSON reader would not keep the defaults of init-only properties that are not in the file. It is not changed after that.
/// </summary>
internal sealed record InstanceRecord
{
    /// <summary>PID of the instance; 0 until the launcher has spawned it.</summary>
    public int Pid { get; set; }

    /// <summary>Start time of the process in the kernel's unit, as in <see cref="ProcessIdentity.StartTicks"/>.</summary>
    public long StartTicks { get; set; }

    /// <summary>The boot that the ticks are counted from.</summary>
    public string BootId { get; set; } = "";

    /// <summary>
    /// Random id. The process gets it as <see cref="EnvironmentVariable"/>, so that its descendants are recognised even when they have
    /// left its session, their parent has ended and they have closed the lock.
    /// </summary>
    public string InstanceId { get; set; } = "";

    public string Name { get; set; } = "";

    public string Host { get; set; } = "";

    public int Port { get; set; }

    public string HealthPath { get; set; } = "/health";

    /// <summary>Limits of its log; <see langword="null"/> for the defaults.</summary>
    public LogPolicy? Log { get; set; }

    /// <summary>The health check; <see langword="null"/> where the daemon wrote the record itself.</summary>
    public HealthCheck? Health { get; set; }

    /// <summary>Length of the log before this instance wrote anything.</summary>
    public long LogOffset { get; set; }

    /// <summary>Executable and arguments, with all placeholders replaced.</summary>
    public IReadOnlyList<string> Command { get; set; } = [];

    /// <summary>Places in <see cref="Command"/> that carry a secret, although they do not look like it.</summary>
    public IReadOnlyList<int>? SecretArguments { get; set; }

    /// <summary><see cref="Command"/> as it may be shown.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> ShownCommand =>
        [.. Secrets.HideByName(Command).Select((argument, i) => SecretArguments?.Contains(i) == true && argument == Command[i] ? Secrets.Mask : argument)];

    /// <summary>Working directory of the start; <see langword="null"/> where it is not known. A restart from the command line keeps it.</summary>
    public string? WorkingDirectory { get; set; }

    /// <summary>The same directory with all symbolic links resolved at the time of the start. A roll-back goes there after a link has moved.</summary>
    public string? RealDirectory { get; set; }

    public DateTimeOffset StartedAt { get; set; }

    /// <summary>When it passed its last stage; <see langword="null"/> before that.</summary>
    public DateTimeOffset? VerifiedAt { get; set; }

    /// <summary>Restarts before this instance that no person asked for.</summary>
    public int RestartCount { get; set; }

    /// <summary>The signal that it was started to be stopped with.</summary>
    public TerminationSignal StopSignal { get; set; }

    /// <summary>Which of its processes get that signal.</summary>
    public StopMode StopMode { get; set; }

    /// <summary>PID of the process that carries out the start. It also holds the lock until the start has ended. 0 for a daemon that claimed its files itself.</summary>
    public int LauncherPid { get; set; }

    /// <summary>Start time of the launcher, in the unit of <see cref="StartTicks"/>.</summary>
    public long LauncherStartTicks { get; set; }

    /// <summary>The fleet that started it (<see cref="Startup.EngineOptions.Fleet"/>); <see langword="null"/> for a start from the command line.</summary>
    public string? Fleet { get; set; }

    /// <summary>Its control group, as <c>/proc/PID/cgroup</c> shows it; <see langword="null"/> where it has none of its own.</summary>
    public string? ControlGroup { get; set; }

    /// <summary>The variable that carries <see cref="InstanceId"/>.</summary>
    public const string EnvironmentVariable = "MONITOR_INSTANCE_ID";

    /// <summary>
    /// Id for a new instance. It starts with the port, so that an instance and its launcher, which may be an instance too, can be told apart.
    /// It has the id of a launcher that must recognise its own instances later.
    /// </summary>
    public static string NewInstanceId(int port, string? launchId = null) => $"{IdPrefix(port, launchId)}{Guid.NewGuid():N}";

    /// <summary>Id of a launcher. It begins with the id of its application, which is the same in every run.</summary>
    public static string NewLaunchId(string application) => ApplicationId(application) + Guid.NewGuid().ToString("N")[ApplicationIdLength..];

    /// <summary>Id of an instance that outlives its launcher. The next launcher of the same application has the same one.</summary>
    public static string PersistentInstanceId(int port, string launchId) => $"{IdPrefix(port, PersistentLaunchId(launchId))}{Persistent}";

    /// <summary>Whether an instance belongs to a launcher: it was launched by that one, or it outlives the launchers of the same application.</summary>
    internal static bool IsLaunchedBy(string? instanceId, int port, string launchId) =>
        IsInstanceIdOf(instanceId, port, launchId) || instanceId == PersistentInstanceId(port, launchId);

    /// <summary>Whether an instance was launched by a program that recognises its instances, as an AppHost does.</summary>
    internal static bool HasLauncher(string instanceId) => instanceId.Count(c => c == '-') == 2;

    /// <summary>The instance id, if it belongs to this port; otherwise <see langword="null"/>. An id of another port was inherited from that instance.</summary>
    internal static string? InstanceIdFor(int port, string? instanceId) => IsInstanceIdOf(instanceId, port) ? instanceId : null;

    /// <summary>Whether an instance id belongs to this port and, if given, to this launcher.</summary>
    internal static bool IsInstanceIdOf(string? instanceId, int port, string? launchId = null) =>
        instanceId?.StartsWith(IdPrefix(port, launchId), StringComparison.Ordinal) == true;

    private const string Persistent = "persistent";

    private const int ApplicationIdLength = 16;

    private static string ApplicationId(string application) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(application)))[..ApplicationIdLength];

    private static string PersistentLaunchId(string launchId) => launchId[..Math.Min(ApplicationIdLength, launchId.Length)];

    private static string IdPrefix(int port, string? launchId) =>
        launchId is null ? string.Create(CultureInfo.InvariantCulture, $"{port}-") : string.Create(CultureInfo.InvariantCulture, $"{port}-{launchId}-");

    /// <summary>Whether the instance outlives its launcher.</summary>
    [JsonIgnore]
    public bool IsPersistent => InstanceId.EndsWith($"-{Persistent}", StringComparison.Ordinal);

    /// <summary>Identity of the process, or <see langword="null"/> until it was spawned.</summary>
    [JsonIgnore]
    public ProcessIdentity? Identity => Pid > 0 ? new ProcessIdentity(Pid, StartTicks, BootId) : null;

    /// <summary>Identity of the launcher, or <see langword="null"/> where there is none.</summary>
    [JsonIgnore]
    public ProcessIdentity? Launcher => LauncherPid > 0 ? new ProcessIdentity(LauncherPid, LauncherStartTicks, BootId) : null;

    /// <summary>The record of a daemon, without a process yet. The command is empty for the built-in daemon of another launcher.</summary>
    internal static InstanceRecord Of(DaemonSpec spec, IReadOnlyList<string> command, string? instanceId, DateTimeOffset startedAt, int restarts) => new()
    {
        InstanceId = instanceId ?? "",
        Name = spec.Name,
        Host = spec.Host,
        Port = spec.Port,
        HealthPath = spec.HealthPath,
        Log = spec.Log,
        StopSignal = spec.StopSignal,
        StopMode = spec.StopMode,
        Command = command,
        SecretArguments = [.. command.Zip(Secrets.Of(spec).HideIn(command)).Index().Where(a => a.Item.First != a.Item.Second).Select(a => a.Index)],
        StartedAt = startedAt,
        RestartCount = restarts,
    };

    internal InstanceRecord With(ProcessIdentity identity) => this with { Pid = identity.Pid, StartTicks = identity.StartTicks, BootId = identity.BootId };

    /// <summary>Whether both records name the same process in the same phase of its start.</summary>
    internal bool IsSameInstance(InstanceRecord? other) =>
        other is not null && (Pid, StartTicks, BootId, InstanceId, VerifiedAt) == (other.Pid, other.StartTicks, other.BootId, other.InstanceId, other.VerifiedAt);

    /// <summary>Reads a record; null when there is none, it cannot be read, or other users can change it. Never throws, never follows a link.</summary>
    public static InstanceRecord? Read(string path)
    {
        try
        {
            if (NoFollowFile.OpenTrusted(path) is not { } handle)
            {
                return null;
            }

            using var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
            return stream.CanSeek && stream.Length <= MaximumLength
                && JsonSerializer.Deserialize(stream, FilesJson.Default.InstanceRecord) is { IsValid: true } record ? record : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes the record atomically, mode 0600.</summary>
    public void Write(string path) => AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(this, WrittenFilesJson.Default.InstanceRecord));

    /// <summary>Removes the record of an instance that is gone, and its control group. An error is ignored.</summary>
    public static void TryRemove(string path)
    {
        Linux.ControlGroup.Current.Remove(Read(path));
        AtomicFile.TryDelete(path);
    }

    // A file may have been edited by hand, and the numbers are used for offsets and counts.
    private bool IsValid => Pid >= 0 && StartTicks >= 0 && LauncherPid >= 0 && LauncherStartTicks >= 0
        && Port is >= 0 and <= 65535 && LogOffset >= 0 && RestartCount is >= 0 and <= MostRestarts
        && BootId is not null && InstanceId is not null && Name is not null && Host is not null && HealthPath is not null
        && Command is not null && Command.All(a => a is not null) && Enum.IsDefined(StopSignal) && Enum.IsDefined(StopMode);

    // More than a daemon has that is restarted every 30 s for nine years. The counts of a fleet can be added.
    private const int MostRestarts = 10_000_000;

    // Command lines can be long (ARG_MAX is 2 MiB on Linux). A larger file is no record of ours.
    private const int MaximumLength = 4 * 1024 * 1024;
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(InstanceRecord))]
internal sealed partial class FilesJson : JsonSerializerContext;

/// <summary>Writes the same, without the descriptions of all properties that only reading needs. To make them would take most of the time of a claim.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Serialization, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(InstanceRecord))]
internal sealed partial class WrittenFilesJson : JsonSerializerContext;
