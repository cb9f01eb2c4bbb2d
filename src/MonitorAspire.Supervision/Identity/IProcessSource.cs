namespace MonitorAspire.Supervision.Identity;

/// <summary>What a platform can tell about processes. What it cannot tell it must not guess.</summary>
internal interface IProcessSource
{
    string BootId { get; }

    long TicksPerSecond { get; }

    ProcessLookup Lookup(int pid);

    ProcessInfo? Describe(int pid);

    IReadOnlyList<ProcessInfo> Snapshot();

    IReadOnlyList<int> LockHolders(string lockFilePath);

    bool HoldsLock(int pid, string lockFilePath);

    bool HasEnvironment(int pid, string name, string value);

    DateTimeOffset StartTimeOf(ProcessIdentity identity);
}
