using System.Text.Json.Serialization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using MonitorAspire.Daemon.Settings;

namespace MonitorAspire.Daemon.Serving;

/// <summary>The answer of <c>/health</c> and <c>/alive</c>.</summary>
/// <param name="Status"><c>running</c>, or what is wrong.</param>
/// <param name="Service">Which program this is.</param>
/// <param name="Version">Its version.</param>
/// <param name="Port">The port that was asked.</param>
/// <param name="Pid">The process that answers.</param>
/// <param name="Uptime">Seconds since it became ready.</param>
internal sealed record HealthAnswer(string Status, string Service, string Version, int Port, int Pid, double Uptime);

/// <summary>The answer of <c>/</c>.</summary>
/// <param name="Service">Which program this is.</param>
/// <param name="Name">The daemon's name in its fleet.</param>
/// <param name="Version">Its version.</param>
/// <param name="Endpoints">What can be asked.</param>
internal sealed record SelfDescription(string Service, string Name, string Version, IReadOnlyList<string> Endpoints);

/// <summary>What the daemon says of itself.</summary>
internal sealed class Answers(DaemonSettings settings, TimeProvider time)
{
    internal const string Service = "monitor-aspire-daemon";

    private readonly long _since = time.GetTimestamp();

    internal SelfDescription Self { get; } = new(Service, settings.Name, ProductVersion.Text, ["/health", "/alive"]);

    internal HealthAnswer Health(HealthStatus status) => new(
        status == HealthStatus.Healthy ? "running" : Lower(status),
        Service,
        ProductVersion.Text,
        settings.Port,
        Environment.ProcessId,
        Math.Round(time.GetElapsedTime(_since).TotalSeconds, 3));

    private static string Lower(HealthStatus status) => status == HealthStatus.Degraded ? "degraded" : "unhealthy";
}

// Written straight, without the metadata that reading would need: its set-up would be a tenth of the way to the first answer.
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(SelfDescription))]
internal sealed partial class AnswersJson : JsonSerializerContext;
