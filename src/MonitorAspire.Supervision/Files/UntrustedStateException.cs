namespace MonitorAspire.Supervision.Files;

/// <summary>Other users can change the state directory or a file in it, so nothing there is believed. The command line ends with exit code 7.</summary>
/// <param name="message">Names the path and the fix.</param>
public sealed class UntrustedStateException(string message) : UnauthorizedAccessException(message);
