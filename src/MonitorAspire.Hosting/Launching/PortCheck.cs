using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;
using MonitorAspire.Hosting.Dashboard;
using MonitorAspire.Hosting.Resources;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Hosting.Launching;

/// <summary>Checks the port before each launch. If another process owns it, the launch could only fail, and Aspire would show just an exit
/// code. Instead the launch is refused with a message that names the owner.</summary>
internal sealed class PortCheck(IDaemonEngine engine, ResourceLoggerService loggers, DaemonDisplay display, LaunchTraces traces)
{
    private static readonly InspectOptions WithoutHealth = new() { ProbeHealth = false };

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
            await display.SetRefusalAsync(supervised.Name, null).ConfigureAwait(false);
            return;
        }

        var reason = seen.Detail ?? $"another process owns port {spec.Port}";
        traces.EndLaunch(supervised.Name, pid: null, reason);
#pragma warning disable CA1848, CA2254 // This is the console log of the resource, and the message is not a template.
        loggers.GetLogger(supervised.Resource).LogError($"Not launched: {reason}");
#pragma warning restore CA1848, CA2254
        await display.SetRefusalAsync(supervised.Name, reason).ConfigureAwait(false);
        throw new DistributedApplicationException(reason);
    }
}
