using System.Runtime.InteropServices;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Cli.Start;

/// <summary>
/// Passes on to a daemon the signals that mean something to it only: SIGUSR1 and SIGUSR2, and as PID 1 of a container SIGHUP too (there it
/// asks for new settings; elsewhere it says that the terminal was closed).
/// </summary>
internal sealed class SignalRelay : IDisposable
{
    // The numbers of Linux on x86 and Arm.
    private const int HangUp = 1;
    private const int User1 = 10;
    private const int User2 = 12;

    private readonly List<PosixSignalRegistration> _registrations = [];

    internal SignalRelay(ProcessIdentity daemon, Interrupts interrupts)
    {
        // Elsewhere there is no pidfd, and a signal could reach another process with the same PID.
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        List<int> signals = [User1, User2];
        if (Environment.ProcessId == 1)
        {
            interrupts.Release(PosixSignal.SIGHUP);
            signals.Add(HangUp);
        }

        foreach (var signal in signals)
        {
            // Numbers above zero are the system's own.
            _registrations.Add(PosixSignalRegistration.Create((PosixSignal)signal, context =>
            {
                context.Cancel = true;
                if (OperatingSystem.IsLinux())
                {
                    using var descriptor = ProcessDescriptor.Open(daemon.Pid);
                    _ = descriptor is not null && ProcessTable.Current.IsAlive(daemon) ? ProcessDescriptor.SendSignal(descriptor, signal) : 0;
                }
            }));
        }
    }

    public void Dispose() => _registrations.ForEach(registration => registration.Dispose());
}
