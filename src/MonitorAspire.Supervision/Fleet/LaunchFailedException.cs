namespace MonitorAspire.Supervision.Fleet;

/// <summary>A launcher could not launch an attached daemon.</summary>
/// <param name="message">The reason, for a person.</param>
public sealed class LaunchFailedException(string message) : InvalidOperationException(message)
{
    /// <summary>Exit code of a process that ended right after its launch.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Last lines that the process wrote.</summary>
    public IReadOnlyList<string> LogTail { get; init; } = [];
}
