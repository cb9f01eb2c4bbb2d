using System.Net.Sockets;
using MonitorAspire.Daemon.Settings;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Daemon.Startup;

/// <summary>Why the daemon cannot listen, in one line with port, PID, file, and the process that has the port.</summary>
internal sealed record BindFailure(int ExitCode, StartupReason Reason, string Message)
{
    /// <summary>The failure behind an exception of the server; <see langword="null"/> if the exception is not about binding.</summary>
    internal static BindFailure? From(Exception exception, DaemonSettings settings, DaemonFiles files)
    {
        if (BindErrors.SocketErrorIn(exception) is not { } error)
        {
            return null;
        }

        var (exitCode, reason, why) = error switch
        {
            SocketError.AddressAlreadyInUse => (DaemonExitCodes.CannotBind, StartupReason.PortInUse, $"already in use by {BindErrors.DescribeOwners(settings.Port)}"),
            SocketError.AccessDenied => (DaemonExitCodes.NoPermission, StartupReason.PermissionDenied, "this user may not listen there"),
            SocketError.AddressNotAvailable => (DaemonExitCodes.CannotBind, StartupReason.PortNotBound, "this machine has no such address"),
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain =>
                (DaemonExitCodes.CannotBind, StartupReason.PortNotBound, "the host name cannot be resolved"),
            _ => (DaemonExitCodes.CannotBind, StartupReason.PortNotBound, $"{error}"),
        };
        var host = settings.Host.Contains(':', StringComparison.Ordinal) ? $"[{settings.Host.Trim('[', ']')}]" : settings.Host;
        return new BindFailure(
            exitCode, reason, $"port {settings.Port}: PID {Environment.ProcessId} cannot listen on {host}:{settings.Port} for {files.PidFile}: {why}");
    }
}
