using System.Globalization;

namespace MonitorAspire.Cli.Terminal;

internal static class Durations
{
    /// <summary>Parses <c>500ms</c>, <c>30s</c>, <c>2m</c>, <c>1h</c>, <c>1d</c> and bare seconds; fractions with a point. 0, or 1 ms to a day.</summary>
    internal static bool TryParse(string text, out TimeSpan duration)
    {
        var (number, unit) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], 0.001),
            _ when text.EndsWith('s') => (text[..^1], 1.0),
            _ when text.EndsWith('m') => (text[..^1], 60.0),
            _ when text.EndsWith('h') => (text[..^1], 3600.0),
            _ when text.EndsWith('d') => (text[..^1], 86400.0),
            _ => (text, 1.0),
        };

        var isValid = double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value * unit is 0 or (>= 0.001 and <= 86400);
        duration = isValid ? TimeSpan.FromSeconds(value * unit) : default;
        return isValid;
    }

    /// <summary>How long something took: <c>312 ms</c>, <c>2.41 s</c>.</summary>
    internal static string OfMilliseconds(double milliseconds) => milliseconds switch
    {
        < 10 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0.0} ms"),
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000:0.00} s"),
    };

    /// <summary>An age in its two largest units: <c>42s</c>, <c>3m 12s</c>, <c>2d 4h</c>.</summary>
    internal static string Age(TimeSpan age) => age switch
    {
        { Ticks: < 0 } => "0s",
        { TotalMinutes: < 1 } => $"{age.Seconds}s",
        { TotalHours: < 1 } => $"{age.Minutes}m {age.Seconds}s",
        { TotalDays: < 1 } => $"{age.Hours}h {age.Minutes}m",
        _ => $"{(int)age.TotalDays}d {age.Hours}h",
    };
}
