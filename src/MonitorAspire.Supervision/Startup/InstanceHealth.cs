using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>How one health check is made.</summary>
/// <param name="Limit">Its time limit.</param>
/// <param name="IsContested">See <see cref="HealthRequest.IsContested"/>.</param>
/// <param name="Explains">See <see cref="HealthRequest.Explains"/>.</param>
/// <param name="KeepsWatch">Whether the caller checks again and again, and so listens to the daemon's messages if no other process of ours does.</param>
internal sealed record CheckOptions(TimeSpan Limit, bool IsContested = false, bool Explains = true, bool KeepsWatch = false);

/// <summary>The health checks of one instance, of every kind. It remembers what it has read of the log.</summary>
internal sealed class InstanceHealth(EngineParts parts, DaemonSpec spec, InstanceRecord? record)
{
    private readonly DaemonFiles _files = new(parts.Options.StateDirectory, spec.Port);
    private LogPattern? _log;

    /// <summary>Makes one check.</summary>
    /// <exception cref="StartupFailedException">The check itself cannot be made, for example because its command does not exist.</exception>
    internal async Task<HealthResult> CheckAsync(InstanceSigns signs, CheckOptions options, CancellationToken cancellationToken)
    {
        return spec.Health.Kind switch
        {
            HealthCheckKind.Command => await RunCommandAsync(options, cancellationToken).ConfigureAwait(false),
            HealthCheckKind.Log => SearchLog(cancellationToken),
            HealthCheckKind.Notify => ReadNotifications(options, pid => parts.Tree.Membership(signs)(pid)),
            _ => await parts.Health.ProbeAsync(
                new HealthRequest
                {
                    Host = spec.Host,
                    Port = spec.Port,
                    Path = spec.HealthPath,
                    Check = spec.Health,
                    IsExpectedPid = parts.Tree.Membership(signs),
                    IsNamedPid = pid => parts.Tree.MemberKnownAs(signs, pid) is not null,
                    LikelyPids = signs.Root is { } root ? [root.Pid] : [],
                    Timeout = options.Limit,
                    IsContested = options.IsContested,
                    Explains = options.Explains,
                },
                cancellationToken).ConfigureAwait(false),
        };
    }

    private async Task<HealthResult> RunCommandAsync(CheckOptions options, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new StartupFailedException(StartupReason.InvalidConfiguration, "Health:Kind: Command needs Linux or macOS");
        }

        var id = CommandCheck.NewId();

        // The daemon has read its files. One that was removed since does not fail the check.
        var daemon = spec with { Command = spec.Health.Command, Arguments = [.. spec.Health.Arguments], EnvironmentFiles = [.. spec.EnvironmentFiles.Select(EnvironmentFile.Optional)] };
        try
        {
            var plan = DaemonLauncher.Plan(daemon, _files, builtInDaemon: null, parts.Options.DaemonEnvironment, id);
            plan.Environment.Remove(DaemonLauncher.LockDescriptorVariable);
            return await new CommandCheck(parts.Processes, parts.Stopper, parts.Time).RunAsync(plan, options.Limit, cancellationToken).ConfigureAwait(false);
        }
        catch (StartupFailedException e)
        {
            throw e.With($"the health check cannot be made: {e.Message}");
        }
    }

    // The lines of an earlier instance are before the offset. A verified instance has written its line, and the log may be rotated since.
    private HealthResult SearchLog(CancellationToken cancellationToken)
    {
        if (record?.VerifiedAt is not null)
        {
            return new HealthResult { Outcome = HealthOutcome.Healthy, Detail = "a line of its output matched the pattern at its start" };
        }

        try
        {
            _log ??= new LogPattern(_files.LogFile, record?.LogOffset ?? 0, HealthCheckRules.PatternOf(spec.Health.Pattern!));
            return _log.Search(cancellationToken)
                ? new HealthResult { Outcome = HealthOutcome.Healthy, Detail = $"the pattern matched{HealthText.Quoted(HealthBody.Lines(System.Text.Encoding.UTF8.GetBytes(_log.Found!)))}" }
                : new HealthResult
                {
                    Outcome = HealthOutcome.Unreachable,
                    Detail = $"none of the {_log.Lines} lines that it has written matches the pattern '{FleetTopology.Shown(spec.Health.Pattern!)}'"
                        + (_log.TookTooLong ? $"; the pattern took longer than {HealthText.Of(HealthCheckRules.PatternLimit)} on one of them" : ""),
                };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new HealthResult { Outcome = HealthOutcome.Unreachable, Detail = $"its log cannot be read: {e.Message}" };
        }
    }

    private HealthResult ReadNotifications(CheckOptions options, Func<int, bool> isMember)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new StartupFailedException(StartupReason.InvalidConfiguration, "Health:Kind: Notify needs Linux");
        }

        var isVerified = record?.VerifiedAt is not null;
        if (parts.Notifications.Find(spec.Port) is not { } socket)
        {
            if (!options.KeepsWatch)
            {
                return isVerified
                    ? new HealthResult { Outcome = HealthOutcome.Healthy, Detail = "READY=1 came at its start" }
                    : new HealthResult { Outcome = HealthOutcome.Unreachable, Detail = "READY=1 has not come" };
            }

            socket = parts.Notifications.Open(_files);
        }

        socket.Listen(isMember);
        var (isReady, status, _, _, refused) = socket.Latest;
        var said = status is null ? "" : $"; STATUS: '{status}'";
        if (!isReady && !isVerified)
        {
            return new HealthResult { Outcome = HealthOutcome.Unreachable, Detail = $"READY=1 has not come{said}{(refused is null ? "" : $"; {refused}")}" };
        }

        return spec.Health.Liveness?.Timeout is { } watchdog && socket.SilentFor is var silent && silent > watchdog
            ? new HealthResult { Outcome = HealthOutcome.TimedOut, Detail = $"no WATCHDOG=1 for {HealthText.Of(silent)}, the limit is {HealthText.Of(watchdog)}{said}" }
            : new HealthResult { Outcome = HealthOutcome.Healthy, Detail = $"READY=1 came{said}" };
    }
}
