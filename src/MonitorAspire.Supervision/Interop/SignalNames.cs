namespace MonitorAspire.Supervision.Interop;

/// <summary>Names of the signals that end processes. The numbers are those of Linux on x86 and Arm, and of macOS where they agree.</summary>
internal static class SignalNames
{
    /// <summary>The name of a signal, or <c>signal N</c> where it has none here.</summary>
    public static string Of(int signal) => signal switch
    {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        _ => $"signal {signal}",
    };
}
