using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>The engine for the processes, ports and files of this machine.</summary>
public sealed class DaemonEngine : IDaemonEngine
{
    private readonly EngineParts _parts;
    private readonly ILogger _logger;

    /// <summary>Creates an engine.</summary>
    /// <param name="options">State directory and other options.</param>
    /// <param name="logger">Logger for starts.</param>
    /// <param name="timeProvider">The clock for time limits and time stamps. Default the system's.</param>
    public DaemonEngine(EngineOptions options, ILogger<DaemonEngine> logger, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _parts = new EngineParts(options, timeProvider ?? TimeProvider.System);
        _logger = logger;
    }

    /// <inheritdoc />
    public async Task<StartOutcome> StartAsync(DaemonSpec spec, StartOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(options);
        // The start itself refuses the directory, so that the refusal comes as a report.
        using var start = new VerifiedStart(_parts, spec, options, _logger);
        return await start.RunAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public async Task<StopReport> StopAsync(DaemonSpec spec, StopOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(options);
        var report = await new VerifiedStop(_parts).RunAsync(spec, options, cancellationToken).ConfigureAwait(false);
        if (report.Verdict == StopVerdict.Stopped)
        {
            _parts.Notifications.Close(spec.Port);
        }

        return report;
    }

    /// <inheritdoc />
    public Task<DaemonInspection> InspectAsync(DaemonSpec spec, InspectOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(options);
        return new Inspector(_parts).InspectAsync(spec, options, cancellationToken);
    }

    /// <inheritdoc />
    public async Task<StartupReport?> CheckStartAsync(DaemonSpec spec, IReadOnlySet<int> freed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(freed);
        try
        {
            await new LaunchCheck(_parts).RunAsync(spec, freed, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (StartupFailedException e)
        {
            return new StartupReport
            {
                Name = spec.Name,
                Host = spec.Host,
                Port = spec.Port,
                Verdict = StartupVerdict.Failed,
                Stage = StartupStage.Preflight,
                Reason = e.Reason,
                IsPassing = e.IsPassing,
                Detail = $"{e.Message}; nothing was stopped",
                Owner = e.Owner,
            };
        }
    }

    /// <inheritdoc />
    public DaemonInstance? Attach(DaemonSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return IsTrusted(spec.Port) ? new Attachment(_parts).Attach(spec) : null;
    }

    /// <inheritdoc />
    public string? RepairFiles(DaemonSpec spec, DaemonInstance instance)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(instance);
        return IsTrusted(spec.Port) ? new Attachment(_parts).RepairFiles(spec, instance) : null;
    }

    /// <inheritdoc />
    public DaemonInstance? Register(DaemonSpec spec, int pid, int restarts)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return IsTrusted(spec.Port) ? new Attachment(_parts).Register(spec, pid, restarts) : null;
    }

    /// <inheritdoc />
    public DaemonInstance Confirm(DaemonSpec spec, DaemonInstance instance, int restarts)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(instance);
        return new Attachment(_parts).Confirm(spec, instance, restarts);
    }

    /// <inheritdoc />
    public void Forget(DaemonInstance instance)
    {
        ArgumentNullException.ThrowIfNull(instance);
        new Attachment(_parts).Forget(instance);
    }

    // A directory that others can change may have been written by them: nothing there is believed, repaired or run.
    private bool IsTrusted(int port) => TrustedPath.WhyNot(new DaemonFiles(_parts.Options.StateDirectory, port)) is null;

    /// <inheritdoc />
    public string? RotateLog(DaemonSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var log = new DaemonFiles(_parts.Options.StateDirectory, spec.Port).LogFile;
        try
        {
            return LogRotation.RotateIfLarger(log, spec.Log) ? $"{spec.Name}: rotated {log}" : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{spec.Name}: {log} is too large and cannot be rotated as it should be: {e.Message}";
        }
    }
}
