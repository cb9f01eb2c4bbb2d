namespace MonitorAspire.Daemon.Settings;

/// <summary>What one daemon was told.</summary>
/// <param name="Name">Its name in the fleet, for logs and telemetry.</param>
/// <param name="Host">Host name or address to listen on.</param>
/// <param name="Port">Port to listen on.</param>
/// <param name="StateDirectory">Absolute path of the state directory.</param>
internal sealed record DaemonSettings(string Name, string Host, int Port, string StateDirectory);
