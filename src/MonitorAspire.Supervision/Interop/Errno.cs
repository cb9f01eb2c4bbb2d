using System.Runtime.InteropServices;

namespace MonitorAspire.Supervision.Interop;

/// <summary>Error numbers that the engine uses, with the values of the running platform.</summary>
internal static class Errno
{
    internal const int NotPermitted = 1;
    internal const int NoEntry = 2;
    internal const int NoProcess = 3;
    internal const int Interrupted = 4;
    internal const int ArgumentsTooLong = 7;
    internal const int ExecFormat = 8;
    internal const int AccessDenied = 13;
    internal const int Exists = 17;
    internal const int NotADirectory = 20;
    internal const int IsADirectory = 21;
    internal const int Invalid = 22;
    internal const int ReadOnlyFileSystem = 30;

    internal static int TooManyLinks => OperatingSystem.IsLinux() ? 40 : 62;

    internal static int WouldBlock => OperatingSystem.IsLinux() ? 11 : 35;

    internal static int NameTooLong => OperatingSystem.IsLinux() ? 36 : 63;

    /// <summary>Whether this process (EMFILE) or the machine (ENFILE) has no descriptor left.</summary>
    internal static bool IsNoDescriptor(int error) => error is 23 or 24;

    /// <summary>Whether the system refuses for the moment: EAGAIN, ENOMEM, "text file busy" (ETXTBSY), no descriptor.</summary>
    internal static bool IsBusy(int error) => error is 12 or 26 || error == WouldBlock || IsNoDescriptor(error);

    /// <summary>Whether a file cannot be written for want of space or quota.</summary>
    internal static bool IsNoSpace(int error) => error == 28 || error == (OperatingSystem.IsLinux() ? 122 : 69);

    internal static bool IsPermission(int error) => error is NotPermitted or AccessDenied or ReadOnlyFileSystem;

    internal static string Describe(int error) => Marshal.GetPInvokeErrorMessage(error);
}
