using System.Text.Json.Serialization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using MonitorAspire.Daemon.Settings;
using MonitorAspire.ServiceDefaults;

namespace MonitorAspire.Daemon.Serving;

/// <summary>The answer of <c>/health</c> and <c>/alive</c>.</summary>
/// <param name="Status"><c>running</c>, <c>degraded</c> or <c>unhealthy</c>.</param>
/// <param name="Service">Name of the program.</param>
/// <param name="Version">Its version.</param>
/// <param name="Port">The port that the daemon listens on.</param>
/// <param name="Pid">The process that answers.</param>
/// <param name="Uptime">Seconds since the start of the application.</param>
internal sealed record HealthAnswer(string Status, string Service, string Version, int Port, int Pid, double Uptime);

/// <summary>The answer of <c>/</c>.</summary>
/// <param name="Service">Name of the program.</param>
/// <param name="Name">The daemon's name in its fleet.</param>
/// <param name="Version">The program's version.</param>
/// <param name="Endpoints">Paths that the daemon answers.</param>
internal sealed record SelfDescription(string Service, string Name, string Version, IReadOnlyList<string> Endpoints);

/// <summary>Makes the answers.</summary>
internal sealed class Answers(DaemonSettings settings, TimeProvider time)
{
    internal const string Service = "monitor-aspire-daemon";

    private readonly long _since = time.GetTimestamp();

    internal SelfDescription Self { get; } = new(Service, settings.Name, ProductVersion.Text, ["/health", "/alive"]);

    internal HealthAnswer Health(HealthStatus status) => new(
        status switch { HealthStatus.Healthy => "running", HealthStatus.Degraded => "degraded", _ => "unhealthy" },
        Service,
        ProductVersion.Text,
        settings.Port,
        Environment.ProcessId,
        Math.Round(time.GetElapsedTime(_since).TotalSeconds, 3));
}

// Without the metadata for reading, because building it would take a tenth of the time to the first answer.
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(SelfDescription))]
internal sealed partial class AnswersJson : JsonSerializerContext;
