using System.Text.Json;
using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>Writes the members of an enumeration in JSON as in <c>already-running</c>.</summary>
/// <typeparam name="T">The enumeration.</typeparam>
public sealed class KebabCaseEnumConverter<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.KebabCaseLower)
    where T : struct, Enum;
