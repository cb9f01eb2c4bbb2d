using System.Globalization;
using System.Text.Json;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.AppHost.Standalone.Output;

/// <summary>The contract's words for things, the same as in JSON, logs and telemetry.</summary>
internal static class Words
{
    /// <summary>A reason, as in <c>port-in-use</c>.</summary>
    public static string Of(StartupReason reason) => JsonName(reason);

    /// <summary>A stage, as in <c>port_bound</c>.</summary>
    public static string Of(StartupStage stage) => JsonName(stage);

    /// <summary>Milliseconds as seconds with two digits.</summary>
    public static string Seconds(double milliseconds) => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000:F2} s");

    private static string JsonName<T>(T value)
        where T : struct, Enum
        => JsonSerializer.Serialize(value, typeof(T), SupervisionJson.Default).Trim('"');
}
