namespace MonitorAspire.Supervision.Identity;

/// <summary>What a platform tells about processes. A source never guesses what the platform does not tell.</summary>
internal interface IProcessSource
{
    string BootId { get; }

    ProcessLookup Lookup(int pid);

    ProcessInfo? Describe(int pid);

    IReadOnlyList<ProcessInfo> Snapshot();

    IReadOnlyList<int> LockHolders(string lockFilePath);

    bool HoldsLock(int pid, string lockFilePath);

    DateTimeOffset StartTimeOf(ProcessIdentity identity);
}
