using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Identity;

/// <summary>What the state directory stores about an instance: identity, command and history. Adoption and diagnosis read it.</summary>
internal sealed record InstanceRecord
{
    /// <summary>PID of the instance; 0 until the launcher has spawned it.</summary>
    public int Pid { get; init; }

    /// <summary>Start time of the process in the kernel's unit, as in <see cref="ProcessIdentity.StartTicks"/>.</summary>
    public long StartTicks { get; init; }

    /// <summary>The boot that the ticks are counted from.</summary>
    public string BootId { get; init; } = "";

    /// <summary>
    /// Random id. The process gets it as <see cref="EnvironmentVariable"/>, so that its descendants are recognised even when they have
    /// left its session, their parent has ended and they have closed the lock.
    /// </summary>
    public string InstanceId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Host { get; init; } = "";

    public int Port { get; init; }

    public string HealthPath { get; init; } = "/health";

    /// <summary>The health check; <see langword="null"/> where the daemon wrote the record itself.</summary>
    public HealthCheck? Health { get; init; }

    /// <summary>Length of the log before this instance wrote anything.</summary>
    public long LogOffset { get; init; }

    /// <summary>Executable and arguments, with all placeholders replaced.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Working directory of the start; <see langword="null"/> where it is not known. A restart from the command line keeps it.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>The same directory with all symbolic links resolved at the time of the start. A roll-back goes there after a link has moved.</summary>
    public string? RealDirectory { get; init; }

    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When it passed its last stage; <see langword="null"/> before that.</summary>
    public DateTimeOffset? VerifiedAt { get; init; }

    /// <summary>Restarts before this instance that no person asked for.</summary>
    public int RestartCount { get; init; }

    /// <summary>PID of the process that carries out the start. It also holds the lock until the start has ended. 0 for a daemon that claimed its files itself.</summary>
    public int LauncherPid { get; init; }

    /// <summary>Start time of the launcher, in the unit of <see cref="StartTicks"/>.</summary>
    public long LauncherStartTicks { get; init; }

    /// <summary>The variable that carries <see cref="InstanceId"/>.</summary>
    public const string EnvironmentVariable = "MONITOR_INSTANCE_ID";

    /// <summary>
    /// Id for a new instance. It starts with the port, so that an instance and its launcher, which may be an instance too, can be told apart.
    /// It has the id of a launcher that must recognise its own instances later.
    /// </summary>
    public static string NewInstanceId(int port, string? launchId = null) => $"{IdPrefix(port, launchId)}{Guid.NewGuid():N}";

    /// <summary>The instance id, if it belongs to this port; otherwise <see langword="null"/>. An id of another port was inherited from that instance.</summary>
    internal static string? InstanceIdFor(int port, string? instanceId) => IsInstanceIdOf(instanceId, port) ? instanceId : null;

    /// <summary>Whether an instance id belongs to this port and, if given, to this launcher.</summary>
    internal static bool IsInstanceIdOf(string? instanceId, int port, string? launchId = null) =>
        instanceId?.StartsWith(IdPrefix(port, launchId), StringComparison.Ordinal) == true;

    private static string IdPrefix(int port, string? launchId) =>
        launchId is null ? string.Create(CultureInfo.InvariantCulture, $"{port}-") : string.Create(CultureInfo.InvariantCulture, $"{port}-{launchId}-");

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
        Command = command,
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
            using var stream = new FileStream(NoFollowFile.OpenTrusted(path), FileAccess.Read, bufferSize: 0);
            return stream.CanSeek && stream.Length <= MaximumLength ? JsonSerializer.Deserialize(stream, FilesJson.Default.InstanceRecord) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes the record atomically, mode 0600.</summary>
    public void Write(string path) => AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(this, FilesJson.Default.InstanceRecord));

    // Command lines can be long (ARG_MAX is 2 MiB on Linux). A larger file is no record of ours.
    private const int MaximumLength = 4 * 1024 * 1024;
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(InstanceRecord))]
internal sealed partial class FilesJson : JsonSerializerContext;
