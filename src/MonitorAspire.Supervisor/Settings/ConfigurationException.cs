namespace MonitorAspire.Supervisor.Settings;

/// <summary>The configuration or the command line is wrong; the message is the one line that says so.</summary>
internal sealed class ConfigurationException(string message) : Exception(message);
