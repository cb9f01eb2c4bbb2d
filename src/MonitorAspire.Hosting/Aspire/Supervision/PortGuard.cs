using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Hosting.Supervision;

/// <summary>
/// Looks at the port before each launch. One that is somebody else's makes a launch that cannot succeed, and whose failure Aspire would
/// show as an exit code: instead it is refused with the owner's name.
/// </summary>
internal sealed class PortGuard(IDaemonEngine engine, ResourceLoggerService loggers, DaemonBoard board, LaunchTraces traces)
{
    private static readonly InspectOptions WithoutHealth = new() { ProbeHealth = false };

    /// <summary>Before a launch.</summary>
    /// <exception cref="DistributedApplicationException">The port is taken; the message names the owner.</exception>
    internal async Task BeforeLaunchAsync(SupervisedResource supervised, CancellationToken cancellationToken)
    {
        traces.BeginLaunch(supervised.Name, supervised.Port);
        if (supervised.Spec is not { } spec)
        {
            return;
        }

        var seen = await engine.InspectAsync(spec, WithoutHealth, cancellationToken).ConfigureAwait(false);
        if (seen.Verdict != InspectionVerdict.Foreign)
        {
            await board.RefuseAsync(supervised.Name, null).ConfigureAwait(false);
            return;
        }

        var reason = seen.Detail ?? $"port {spec.Port} is somebody else's";
        traces.EndLaunch(supervised.Name, pid: null, reason);
#pragma warning disable CA1848, CA2254 // The resource's own console, not our log: one line, seldom.
        loggers.GetLogger(supervised.Resource).LogError($"Not launched: {reason}");
#pragma warning restore CA1848, CA2254
        await board.RefuseAsync(supervised.Name, reason).ConfigureAwait(false);
        throw new DistributedApplicationException(reason);
    }
}
