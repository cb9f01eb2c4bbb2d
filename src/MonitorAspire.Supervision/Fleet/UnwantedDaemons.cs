using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Identity.Linux;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// The daemons that an earlier supervisor of this fleet started, and that the configuration does not name any more: the supervisor was killed
/// while it carried out a change, or the configuration changed while there was none.
/// </summary>
internal sealed partial class UnwantedDaemons : IAsyncDisposable
{
    private readonly FleetParts _parts;
    private readonly Mailbox _mailbox;
    private readonly TaskCompletionSource _stopped;

    internal UnwantedDaemons(FleetParts parts)
    {
        _parts = parts;
        _stopped = new TaskCompletionSource(parts.Continuations);
        _mailbox = new Mailbox(parts.Schedule, (e, what) => LogUnexpected(parts.Logger, e, what), parts.RunHere, parts.Continuations);
    }

    /// <summary>
    /// Stops them beside everything else, as a change of the configuration does it. A daemon that a person or another supervisor started is not
    /// among them.
    /// </summary>
    internal void BeginStop(string fleet, IReadOnlyList<DaemonSpec> wanted) =>
        _mailbox.Post(() => _mailbox.Work("the stop of daemons that the configuration does not name", () => StopAsync(fleet, wanted)));

    /// <summary>Completes when they are stopped, as far as that was possible.</summary>
    internal Task Stopped => _stopped.Task;

    /// <summary>Waits until they are stopped.</summary>
    public async ValueTask DisposeAsync()
    {
        await _mailbox.EndAsync().ConfigureAwait(false);
        _mailbox.Dispose();
    }

    private async Task StopAsync(string fleet, IReadOnlyList<DaemonSpec> wanted)
    {
        try
        {
            var unwanted = KnownDaemons.All(_parts.Options.StateDirectory)
                .Where(daemon => daemon.Record?.Fleet == fleet && !wanted.Any(spec => daemon.Port >= spec.Port && daemon.Port <= (spec.PortRangeEnd ?? spec.Port)));
            await Task.WhenAll(unwanted.Select(daemon => StopAsync(daemon.ToSpec()))).ConfigureAwait(false);
            ControlGroup.Current.RemoveAbandoned();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogFailed(_parts.Logger, e.Message);
        }
        finally
        {
            _stopped.TrySetResult();
        }
    }

    // Also where its main process has ended: its other processes may live. The record alone proves nothing, so the stop looks for them itself.
    private async Task StopAsync(DaemonSpec spec)
    {
        var report = await _parts.Engine.StopAsync(spec, new StopOptions { GracePeriod = _parts.Options.StopGracePeriod }, _parts.OutOfTime.Token).ConfigureAwait(false);
        if (report.Verdict is not (StopVerdict.NotRunning or StopVerdict.Foreign))
        {
            LogUnwanted(_parts.Logger, spec.Name, spec.Port, report.Detail);
        }
    }

    [LoggerMessage(140, LogLevel.Warning, "{Daemon} (port {Port}) is of this fleet, but the configuration does not name it any more: {Result}")]
    private static partial void LogUnwanted(ILogger logger, string daemon, int port, string? result);

    [LoggerMessage(141, LogLevel.Warning, "It is not known which daemons the configuration does not name any more: {Problem}")]
    private static partial void LogFailed(ILogger logger, string problem);

    [LoggerMessage(142, LogLevel.Error, "Unexpected error in {Operation}")]
    private static partial void LogUnexpected(ILogger logger, Exception exception, string operation);
}
