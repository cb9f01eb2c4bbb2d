using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Telemetry;

/// <summary>Names of enumeration values in telemetry and in text for people. They are the same as in JSON.</summary>
internal static class WireNames
{
    /// <summary>The name in JSON, as in <c>port_bound</c> or <c>already-running</c>.</summary>
    /// <param name="value">A value of an enumeration whose members are lower case in JSON.</param>
    /// <exception cref="ArgumentOutOfRangeException">The enumeration has no such member.</exception>
    public static string Of<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields)] T>(T value)
        where T : struct, Enum =>
        Names<T>.All.TryGetValue(value, out var name) ? name : throw new ArgumentOutOfRangeException(nameof(value), value, null);

    private static class Names<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields)] T>
        where T : struct, Enum
    {
        internal static readonly FrozenDictionary<T, string> All = typeof(T).GetFields(BindingFlags.Public | BindingFlags.Static).ToFrozenDictionary(
            member => (T)member.GetValue(null)!,
            member => member.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? JsonNamingPolicy.KebabCaseLower.ConvertName(member.Name));
    }
}
