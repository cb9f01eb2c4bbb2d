namespace MonitorAspire.Cli;

/// <summary>What the user gave cannot be meant: one line, exit code 2.</summary>
/// <param name="message">The line, without the program's name.</param>
internal sealed class UsageException(string message) : Exception(message);
