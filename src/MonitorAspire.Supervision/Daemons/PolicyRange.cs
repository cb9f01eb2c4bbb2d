using System.Globalization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>Describes configured values that are out of range.</summary>
internal static class PolicyRange
{
    /// <summary>A sentence with key, value and range, or <see langword="null"/> if the value is in range.</summary>
    internal static string? Outside<T>(string key, T value, T least, T most)
        where T : IComparable<T>, IFormattable =>
        // CompareTo puts NaN below every number, so it is out of range.
        value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{key}: {value} is out of range ({least} to {most})");
}
