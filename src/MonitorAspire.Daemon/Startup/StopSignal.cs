using System.Runtime.InteropServices;

namespace MonitorAspire.Daemon.Startup;

/// <summary>Receives the signal to stop, from the first moment of the process on. A signal that arrives before the host handles signals
/// would kill the process and leave its PID file behind.</summary>
internal sealed class StopSignal : IDisposable
{
    private readonly TaskCompletionSource<PosixSignal> _received = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] _registrations;

    internal StopSignal() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, Receive),
        PosixSignalRegistration.Create(PosixSignal.SIGINT, Receive),
        PosixSignalRegistration.Create(PosixSignal.SIGQUIT, Receive),
    ];

    /// <summary>Completes with the first signal.</summary>
    internal Task<PosixSignal> Received => _received.Task;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private void Receive(PosixSignalContext context)
    {
        context.Cancel = true;
        _received.TrySetResult(context.Signal);
    }
}
