using System.Text.RegularExpressions;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>What is wrong with environment files, user, group, umask and limits of a daemon.</summary>
internal static partial class LaunchRules
{
    internal static IEnumerable<(string Key, string Message)> Problems(DaemonSpec spec)
    {
        if (spec.EnvironmentFiles.Any(file => file is null || string.IsNullOrWhiteSpace(EnvironmentFile.PathOf(file)) || file.Contains('\0', StringComparison.Ordinal)))
        {
            yield return (nameof(spec.EnvironmentFiles), "a path is empty, or has a NUL character in it");
        }

        if (spec.User is not null && !AccountPattern().IsMatch(spec.User))
        {
            yield return (nameof(spec.User), $"'{FleetTopology.Shown(spec.User)}' is not a name or a number of a user");
        }

        if (spec.Group is not null && !AccountPattern().IsMatch(spec.Group))
        {
            yield return (nameof(spec.Group), $"'{FleetTopology.Shown(spec.Group)}' is not a name or a number of a group");
        }

        if (spec.Umask is not null && !UmaskPattern().IsMatch(spec.Umask))
        {
            yield return (nameof(spec.Umask), $"'{FleetTopology.Shown(spec.Umask)}' is not a umask (octal, 000 to 777)");
        }

        if (spec.Limits?.Validate() is { } limit)
        {
            yield return (nameof(spec.Limits), $"{nameof(spec.Limits)}:{limit}");
        }

        if (spec.User is null && spec.Group is null)
        {
            if (spec.Launch == LaunchMode.Attached && OnlyOwn(spec) is { } key)
            {
                yield return (key, "is for a daemon that the supervisor launches; an AppHost sets it for its own resources");
            }

            yield break;
        }

        var account = spec.User is null ? nameof(spec.Group) : nameof(spec.User);
        if (spec.Launch == LaunchMode.Attached)
        {
            yield return (account, "is for a daemon that the supervisor launches");
        }
        else if (spec.EffectivePidFileWriter == PidFileWriter.Daemon)
        {
            yield return (account, $"the daemon would write its own PID file into the state directory, which only the supervisor's user can enter; it needs a {nameof(spec.Command)}, and the {nameof(spec.PidFileWriter)} {nameof(PidFileWriter.Launcher)}");
        }
        else if (spec.Health.Kind == HealthCheckKind.Notify)
        {
            yield return (account, "the health check Notify has its socket in the state directory, which only the supervisor's user can enter; use another kind");
        }
    }

    private static string? OnlyOwn(DaemonSpec spec) =>
        spec.EnvironmentFiles.Count > 0 ? nameof(spec.EnvironmentFiles)
        : spec.Umask is not null ? nameof(spec.Umask)
        : spec.Limits is not null ? nameof(spec.Limits)
        : null;

    // As useradd(8) allows them, with the upper case that directories of companies use.
    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,255}\$?\z")]
    private static partial Regex AccountPattern();

    [GeneratedRegex(@"^0?[0-7]{1,3}\z")]
    private static partial Regex UmaskPattern();
}
