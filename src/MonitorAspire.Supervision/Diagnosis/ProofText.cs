namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>The proof of an instance in words.</summary>
internal static class ProofText
{
    internal static string Of(string? proof) => proof switch
    {
        "lock" => "the lock that it holds",
        "session" => "the lock of its port, which notes its session",
        "log" => "the session that it leads and the log that it writes to",
        "control-group" => "its control group",
        "instance-id" => "the instance id in its environment",
        "launcher" => "its launcher",
        _ => "its record (PID, start time and boot)",
    };
}
