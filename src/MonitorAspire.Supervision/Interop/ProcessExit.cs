namespace MonitorAspire.Supervision.Interop;

/// <summary>How a process ended.</summary>
/// <param name="ExitCode">Its exit code, or <see langword="null"/> when a signal ended it, or when the process was not our child.</param>
/// <param name="Signal">The signal that ended it, or <see langword="null"/>.</param>
public readonly record struct ProcessExit(int? ExitCode, int? Signal)
{
    /// <summary>The exit of a process that is not our child: the kernel tells only the parent how it ended.</summary>
    public static ProcessExit Unknown => default;

    /// <summary>For people: <c>exit code 3</c>, <c>signal 9 (SIGKILL)</c> or <c>exit code unknown (not a child of this process)</c>.</summary>
    public override string ToString() => (ExitCode, Signal) switch
    {
        ({ } code, _) => $"exit code {code}",
        (_, { } signal) => $"signal {signal} ({SignalNames.Of(signal)})",
        _ => "exit code unknown (not a child of this process)",
    };
}
