using System.Globalization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>Says of a configured value that is out of its range which key it is, what it is, and what it may be.</summary>
internal static class PolicyRange
{
    /// <summary>One sentence that starts with the key, or <see langword="null"/> where the value is in range.</summary>
    /// <param name="key">Key of the value.</param>
    /// <param name="value">The value.</param>
    /// <param name="least">The least that it may be.</param>
    /// <param name="most">The most that it may be.</param>
    internal static string? Outside<T>(string key, T value, T least, T most)
        where T : IComparable<T>, IFormattable =>
        // CompareTo puts NaN below every number, and so outside.
        value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{key}: {value} is out of range ({least} to {most})");
}
