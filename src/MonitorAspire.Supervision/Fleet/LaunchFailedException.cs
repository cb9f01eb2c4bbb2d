namespace MonitorAspire.Supervision.Fleet;

/// <summary>A launcher was to launch an attached daemon, and could not.</summary>
public sealed class LaunchFailedException : InvalidOperationException
{
    /// <summary>Makes the exception.</summary>
    public LaunchFailedException()
    {
    }

    /// <summary>Makes the exception with a message for a person.</summary>
    /// <param name="message">The message.</param>
    public LaunchFailedException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with a message and its cause.</summary>
    /// <param name="message">The message.</param>
    /// <param name="innerException">The cause.</param>
    public LaunchFailedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Exit code of a process that ended at once.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Last lines that it wrote.</summary>
    public IReadOnlyList<string> LogTail { get; init; } = [];
}
