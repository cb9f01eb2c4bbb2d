using System.Net.Sockets;
using MonitorAspire.Daemon.Settings;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Daemon.Startup;

/// <summary>Why the daemon could not listen, in one line and as an exit code.</summary>
/// <param name="ExitCode">One of <see cref="DaemonExitCodes"/>.</param>
/// <param name="ErrorType">For telemetry: a reason of the closed set.</param>
/// <param name="Message">For a person: port, PID, file, and who is in the way.</param>
internal sealed record BindFailure(int ExitCode, string ErrorType, string Message)
{
    /// <summary>Tells what happened, or <see langword="null"/> where it has nothing to do with binding.</summary>
    internal static BindFailure? From(Exception exception, DaemonSettings settings, DaemonFiles files)
    {
        if (BindErrors.SocketErrorIn(exception) is not { } error)
        {
            return null;
        }

        var (exitCode, errorType, why) = error switch
        {
            SocketError.AddressAlreadyInUse => (DaemonExitCodes.CannotBind, "port-in-use", $"already in use by {BindErrors.DescribeOwners(settings.Port)}"),
            SocketError.AccessDenied => (DaemonExitCodes.NoPermission, "permission-denied", "this user may not listen there"),
            SocketError.AddressNotAvailable => (DaemonExitCodes.CannotBind, "port-not-bound", "this machine has no such address"),
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => (DaemonExitCodes.CannotBind, "port-not-bound", "the host name cannot be looked up"),
            _ => (DaemonExitCodes.CannotBind, "port-not-bound", $"{error}"),
        };
        return new BindFailure(
            exitCode, errorType, $"port {settings.Port}: PID {Environment.ProcessId} cannot listen on {Address(settings)} for {files.PidFile}: {why}");
    }

    private static string Address(DaemonSettings settings)
        => settings.Host.Contains(':', StringComparison.Ordinal) && settings.Host[0] != '[' ? $"[{settings.Host}]:{settings.Port}" : $"{settings.Host}:{settings.Port}";
}
