using System.Runtime.InteropServices;

namespace MonitorAspire.Daemon.Startup;

/// <summary>
/// The wish to stop, from the very first moment on: a signal that comes before the host listens to signals would otherwise kill the
/// process and leave its PID file behind.
/// </summary>
internal sealed class StopRequest : IDisposable
{
    private readonly TaskCompletionSource<PosixSignal> _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] _registrations;

    internal StopRequest() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, Ask),
        PosixSignalRegistration.Create(PosixSignal.SIGINT, Ask),
        PosixSignalRegistration.Create(PosixSignal.SIGQUIT, Ask),
    ];

    /// <summary>Completes with the signal.</summary>
    internal Task<PosixSignal> Asked => _asked.Task;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private void Ask(PosixSignalContext context)
    {
        context.Cancel = true;
        _asked.TrySetResult(context.Signal);
    }
}
