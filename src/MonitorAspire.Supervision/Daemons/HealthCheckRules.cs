using System.Text.Json;
using System.Text.RegularExpressions;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>What is wrong with the health check of a daemon, and how two of them are compared.</summary>
internal static class HealthCheckRules
{
    /// <summary>The longest time that a pattern may search one line.</summary>
    internal static TimeSpan PatternLimit { get; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The expression of a pattern.</summary>
    /// <exception cref="ArgumentException">It is not a regular expression.</exception>
    internal static Regex PatternOf(string pattern) => new(pattern, RegexOptions.CultureInvariant, PatternLimit);

    /// <summary>The first error, starting with the key, or <see langword="null"/>.</summary>
    internal static string? Problem(HealthCheck check, LaunchMode launch)
    {
        var kind = check.Kind;
        if (!Enum.IsDefined(kind))
        {
            return $"Kind: {(int)kind} is not one of {string.Join(", ", Enum.GetNames<HealthCheckKind>())}";
        }

        var isHttp = kind is HealthCheckKind.Http or HealthCheckKind.Https;
        return Unused(nameof(check.Statuses), check.Statuses.Count > 0 && !isHttp, "Http and Https")
            ?? Unused(nameof(check.Headers), check.Headers.Count > 0 && !isHttp, "Http and Https")
            ?? Unused(nameof(check.Text), check.Text is not null && !isHttp, "Http and Https")
            ?? Unused(nameof(check.Command), check.Command is not null && kind != HealthCheckKind.Command, "Command")
            ?? Unused(nameof(check.Arguments), check.Arguments.Count > 0 && kind != HealthCheckKind.Command, "Command")
            ?? Unused(nameof(check.Pattern), check.Pattern is not null && kind != HealthCheckKind.Log, "Log")
            ?? OfOptions(check)
            ?? OfPlatform(kind, launch)
            ?? OfLimits(nameof(check.Startup), check.Startup, TimeSpan.FromMilliseconds(10))
            ?? OfLimits(nameof(check.Liveness), check.Liveness, TimeSpan.FromMilliseconds(50));

        string? Unused(string key, bool isSet, string kinds) => isSet ? $"{key}: is for the kind {kinds}, and the kind is {kind}" : null;
    }

    /// <summary>Whether both checks ask the same, whatever their limits are.</summary>
    internal static bool AsksTheSame(HealthCheck one, HealthCheck other) =>
        IsEqual(one with { Startup = null, Liveness = null }, other with { Startup = null, Liveness = null });

    /// <summary>Whether both checks are equal. The equality of records compares their lists by reference.</summary>
    internal static bool IsEqual(HealthCheck one, HealthCheck other) =>
        JsonSerializer.Serialize(one, DefinitionJson.Default.HealthCheck) == JsonSerializer.Serialize(other, DefinitionJson.Default.HealthCheck);

    private static string? OfOptions(HealthCheck check)
    {
        foreach (var status in check.Statuses)
        {
            if (status is < 100 or > 599)
            {
                return $"Statuses: {status} is not an HTTP status (100-599)";
            }
        }

        foreach (var (name, value) in check.Headers)
        {
            using var request = new HttpRequestMessage();
            if (value is null || value.Any(char.IsControl) || !request.Headers.TryAddWithoutValidation(name, value))
            {
                return $"Headers: '{FleetTopology.Shown(name)}' is not a header of a request, or its value is not one line";
            }
        }

        if (check.Text is { Length: 0 })
        {
            return "Text: is empty";
        }

        if (check.Kind == HealthCheckKind.Command && string.IsNullOrWhiteSpace(check.Command))
        {
            return "Command: is needed for the kind Command";
        }

        if (check.Arguments.Prepend(check.Command ?? "").Any(a => a is null || a.Contains('\0', StringComparison.Ordinal)))
        {
            return "Arguments: an argument has a NUL character in it, or is null";
        }

        return check.Kind == HealthCheckKind.Log ? OfPattern(check.Pattern) : null;
    }

    private static string? OfPattern(string? pattern)
    {
        if (string.IsNullOrEmpty(pattern))
        {
            return "Pattern: is needed for the kind Log";
        }

        try
        {
            _ = PatternOf(pattern);
            return null;
        }
        catch (ArgumentException e)
        {
            return $"Pattern: is not a regular expression: {e.Message}";
        }
    }

    // The launcher of an attached daemon has its output and its environment.
    private static string? OfPlatform(HealthCheckKind kind, LaunchMode launch) => kind switch
    {
        HealthCheckKind.Log or HealthCheckKind.Notify when launch == LaunchMode.Attached => $"Kind: {kind} needs a daemon that the supervisor launches",
        HealthCheckKind.Notify when !OperatingSystem.IsLinux() => "Kind: Notify needs Linux",
        HealthCheckKind.Command when OperatingSystem.IsWindows() => "Kind: Command needs Linux or macOS",
        _ => null,
    };

    private static string? OfLimits(string key, CheckLimits? limits, TimeSpan shortestInterval)
    {
        var hour = TimeSpan.FromHours(1);
        var problem = PolicyRange.Outside(nameof(limits.Interval), limits?.Interval ?? hour, shortestInterval, hour)
            ?? PolicyRange.Outside(nameof(limits.Timeout), limits?.Timeout ?? hour, TimeSpan.FromMilliseconds(10), hour)
            ?? PolicyRange.Outside(nameof(limits.Failures), limits?.Failures ?? 1, 1, 1000);
        return problem is null ? null : $"{key}:{problem}";
    }
}
