using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli;

/// <summary>The names that reasons, stages and verdicts have in JSON, so that people and programs read the same words.</summary>
internal static class WireName
{
    internal static string Of(StartupReason value) => Quoted(value, WireNames.Default.StartupReason);

    internal static string Of(StartupStage value) => Quoted(value, WireNames.Default.StartupStage);

    internal static string Of(StopVerdict value) => Quoted(value, WireNames.Default.StopVerdict);

    internal static string Of(InspectionVerdict value) => Quoted(value, WireNames.Default.InspectionVerdict);

    private static string Quoted<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.Serialize(value, type).Trim('"');
}
