using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MonitorAspire.Cli.Terminal;

namespace MonitorAspire.Cli;

/// <summary>One JSON document on standard output.</summary>
internal static class JsonOutput
{
    internal static void Write<T>(CliConsole console, T document, JsonTypeInfo<T> type) =>
        console.Out.WriteLine(JsonSerializer.Serialize(document, type));
}
