namespace MonitorAspire.Supervision.Processes;

/// <summary>The signals' numbers of this platform. Those of the user's signals differ.</summary>
internal static class SignalNumbers
{
    internal static int Of(TerminationSignal signal) => signal switch
    {
        TerminationSignal.SIGINT => 2,
        TerminationSignal.SIGQUIT => 3,
        TerminationSignal.SIGHUP => 1,
        TerminationSignal.SIGUSR1 => OperatingSystem.IsMacOS() ? 30 : 10,
        TerminationSignal.SIGUSR2 => OperatingSystem.IsMacOS() ? 31 : 12,
        TerminationSignal.SIGWINCH => 28,
        TerminationSignal.SIGKILL => 9,
        _ => 15,
    };
}
