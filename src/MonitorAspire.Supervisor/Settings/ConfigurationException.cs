namespace MonitorAspire.Supervisor.Settings;

/// <summary>The configuration or the command line is wrong. The message is one line for the user.</summary>
internal sealed class ConfigurationException(string message) : Exception(message);
