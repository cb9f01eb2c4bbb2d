using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Identity;

/// <summary>What is known of an instance beyond its PID: what adoption and diagnosis read.</summary>
public sealed record InstanceRecord
{
    /// <summary>PID of the instance; 0 while its launcher has not spawned it yet.</summary>
    public int Pid { get; init; }

    /// <summary>Start time of the process in the kernel's unit, as in <see cref="ProcessIdentity.StartTicks"/>.</summary>
    public long StartTicks { get; init; }

    /// <summary>Which boot the ticks count from.</summary>
    public string BootId { get; init; } = "";

    /// <summary>
    /// Random; handed to the process as <see cref="EnvironmentVariable"/>, so that descendants can be told from strangers even
    /// after they left session, parent and lock behind.
    /// </summary>
    public string InstanceId { get; init; } = "";

    /// <summary>The daemon's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>The host it was to listen on.</summary>
    public string Host { get; init; } = "";

    /// <summary>The port.</summary>
    public int Port { get; init; }

    /// <summary>Path of its health check.</summary>
    public string HealthPath { get; init; } = "/health";

    /// <summary>Executable and arguments, as they were executed.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Working directory that it was started in; <see langword="null"/> where that is not known. A restart by hand keeps it.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>When it was started.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When it passed its last stage; <see langword="null"/> while it has not.</summary>
    public DateTimeOffset? VerifiedAt { get; init; }

    /// <summary>Restarts before this instance that no person asked for.</summary>
    public int RestartCount { get; init; }

    /// <summary>PID of the process that carries out the start; it holds the lock too until it has its verdict. 0 for a daemon that claimed its files itself.</summary>
    public int LauncherPid { get; init; }

    /// <summary>Start time of the launcher, against PID reuse.</summary>
    public long LauncherStartTicks { get; init; }

    /// <summary>The variable that carries <see cref="InstanceId"/>.</summary>
    public const string EnvironmentVariable = "MONITOR_INSTANCE_ID";

    /// <summary>An id for a new instance. It starts with the port, so that a holder of the lock can be told from its launcher.</summary>
    /// <param name="port">The port.</param>
    /// <param name="launchId">Id of a launcher that wants to know its own again. Default none.</param>
    public static string NewInstanceId(int port, string? launchId = null) => $"{IdPrefix(port, launchId)}{Guid.NewGuid():N}";

    /// <summary>Whether an instance id is one of this port and, where that is asked, of the launcher with this id.</summary>
    internal static bool IsInstanceIdOf(string? instanceId, int port, string? launchId = null) =>
        instanceId?.StartsWith(IdPrefix(port, launchId), StringComparison.Ordinal) == true;

    private static string IdPrefix(int port, string? launchId) =>
        launchId is null ? string.Create(CultureInfo.InvariantCulture, $"{port}-") : string.Create(CultureInfo.InvariantCulture, $"{port}-{launchId}-");

    /// <summary>The identity that the record names, or <see langword="null"/> while nothing was spawned.</summary>
    [JsonIgnore]
    public ProcessIdentity? Identity => Pid > 0 ? new ProcessIdentity(Pid, StartTicks, BootId) : null;

    /// <summary>The launcher's identity, or <see langword="null"/> where there was none.</summary>
    [JsonIgnore]
    public ProcessIdentity? Launcher => LauncherPid > 0 ? new ProcessIdentity(LauncherPid, LauncherStartTicks, BootId) : null;

    /// <summary>Whether both speak of the same process life in the same phase of its start.</summary>
    /// <param name="other">Another record.</param>
    internal bool IsSameInstance(InstanceRecord? other) =>
        other is not null && (Pid, StartTicks, BootId, InstanceId, VerifiedAt) == (other.Pid, other.StartTicks, other.BootId, other.InstanceId, other.VerifiedAt);

    /// <summary>Reads a record; <see langword="null"/> when there is none, it cannot be understood, or other users can change it. Never throws, never follows a link.</summary>
    /// <param name="path">The file.</param>
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
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The file system refuses; nothing is left behind.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not.</exception>
    public void Write(string path) => AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(this, FilesJson.Default.InstanceRecord));

    // Command lines can be long (ARG_MAX is 2 MiB on Linux); anything beyond is not a record of ours.
    private const int MaximumLength = 4 * 1024 * 1024;
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(InstanceRecord))]
internal sealed partial class FilesJson : JsonSerializerContext;
