using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>The file of a <see cref="StopMemory"/>. It counts until the next boot: then everything begins anew.</summary>
internal sealed partial class StopFile(string path, ILogger logger)
{
    private const int MaximumLength = 1024 * 1024;

    /// <summary>The memory with what the file has, which saves what changes.</summary>
    internal StopMemory Open() => new(Read(), Save);

    private IReadOnlyList<string> Read()
    {
        try
        {
            if (NoFollowFile.OpenTrusted(path) is not { } handle)
            {
                return [];
            }

            using var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
            return stream.CanSeek && stream.Length <= MaximumLength && JsonSerializer.Deserialize(stream, StopJson.Default.StoppedDaemons) is { } read && read.BootId == ProcessTable.Current.BootId
                ? read.Daemons
                : [];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            LogUnreadable(logger, path, e.Message);
            return [];
        }
    }

    private void Save(IReadOnlyCollection<string> names)
    {
        try
        {
            if (names.Count == 0)
            {
                File.Delete(path);
            }
            else
            {
                // Not to the disk: after a loss of power there is another boot.
                AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(new StoppedDaemons(ProcessTable.Current.BootId, [.. names]), StopJson.Default.StoppedDaemons));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The stop itself is more important.
            LogNotSaved(logger, path, e.Message);
        }
    }

    [LoggerMessage(114, LogLevel.Warning, "{File} cannot be read, so daemons that a person had stopped before the supervisor was killed are started: {Problem}")]
    private static partial void LogUnreadable(ILogger logger, string file, string problem);

    [LoggerMessage(115, LogLevel.Warning, "{File} cannot be written, so a daemon that is stopped now is started when the supervisor is killed: {Problem}")]
    private static partial void LogNotSaved(ILogger logger, string file, string problem);
}

/// <summary>The content of the file.</summary>
/// <param name="BootId">The boot in which they were stopped.</param>
/// <param name="Daemons">Their names.</param>
internal sealed record StoppedDaemons(string BootId, IReadOnlyList<string> Daemons);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(StoppedDaemons))]
internal sealed partial class StopJson : JsonSerializerContext;
