using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervisor.Security;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Hosting;

/// <summary>Restores lock and token of the supervisor if they are deleted while it runs: without the lock file a second supervisor could
/// start, and without the token no client could operate the daemons. Ends the supervisor, in order, if another one has taken its place or the
/// files cannot be trusted any more.</summary>
internal sealed partial class StateDirectoryWatch(
    SupervisorSettings settings, SupervisorLock instance, SupervisorToken token, IHostApplicationLifetime lifetime, TimeProvider time,
    ILogger<StateDirectoryWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private string? _trouble;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            if (Check() is { } reason)
            {
                LogLost(settings.StateDirectory, reason);
                lifetime.StopApplication();
                return;
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>Why the supervisor must end; <see langword="null"/> where it need not.</summary>
    private string? Check()
    {
        try
        {
            var isLockLost = !instance.IsInPlace;
            if (isLockLost)
            {
                StateDirectory.Create(settings.Files.Directory);
                if (!instance.TryTakeAgain(out var holder))
                {
                    return holder;
                }
            }

            if (token.Restore() || isLockLost)
            {
                LogRestored(settings.StateDirectory);
            }

            _trouble = null;
        }
        catch (Exception e) when (e is UntrustedFileException or UntrustedStateException)
        {
            return e.Message;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Tried again: the disk may be full or read-only for a while.
            if (_trouble != e.Message)
            {
                LogCannotRestore(settings.StateDirectory, e.Message);
                _trouble = e.Message;
            }
        }

        return null;
    }

    [LoggerMessage(12, LogLevel.Warning, "Lock or token of the supervisor were deleted from {StateDirectory}; they are restored")]
    private partial void LogRestored(string stateDirectory);

    [LoggerMessage(13, LogLevel.Error, "Lock or token of the supervisor in {StateDirectory} cannot be checked or restored yet: {Problem}")]
    private partial void LogCannotRestore(string stateDirectory, string problem);

    [LoggerMessage(14, LogLevel.Critical, "The state directory {StateDirectory} was taken away from this supervisor, which ends now: {Reason}")]
    private partial void LogLost(string stateDirectory, string reason);
}
