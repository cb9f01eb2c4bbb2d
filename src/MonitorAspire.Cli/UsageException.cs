namespace MonitorAspire.Cli;

/// <summary>The user's input is invalid: one line, exit code 2.</summary>
/// <param name="message">The line, without the program's name.</param>
internal sealed class UsageException(string message) : Exception(message);
