using System.Runtime.InteropServices;

namespace MonitorAspire.Cli;

/// <summary>Ctrl-C, SIGTERM, SIGHUP and SIGQUIT. The first signal asks for an orderly end, the second for an end at once, the third has its
/// default effect.</summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource _soft;
    private readonly CancellationTokenSource _hard = new();
    private readonly Dictionary<PosixSignal, PosixSignalRegistration> _registrations;
    private int _count;

    /// <summary>Cancelled by the first signal, and when the reader of the output has gone.</summary>
    internal CancellationToken Soft => _soft.Token;

    /// <summary>Cancelled by the second signal.</summary>
    internal CancellationToken Hard => _hard.Token;

    /// <summary>Listens until disposed.</summary>
    internal Interrupts(CancellationToken outputGone)
    {
        _soft = CancellationTokenSource.CreateLinkedTokenSource(outputGone);
        PosixSignal[] signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];
        _registrations = signals.ToDictionary(signal => signal, signal => PosixSignalRegistration.Create(signal, On));
    }

    /// <summary>Does not listen to this signal any more.</summary>
    internal void Release(PosixSignal signal) => _registrations[signal].Dispose();

    public void Dispose()
    {
        foreach (var registration in _registrations.Values)
        {
            registration.Dispose();
        }

        _soft.Dispose();
        _hard.Dispose();
    }

    private void On(PosixSignalContext context)
    {
        var count = Interlocked.Increment(ref _count);
        context.Cancel = count <= 2;

        // Not on the thread of the signal: callbacks of the cancellation may take long.
        _ = count switch
        {
            1 => _soft.CancelAsync(),
            2 => _hard.CancelAsync(),
            _ => Task.CompletedTask,
        };
    }
}
