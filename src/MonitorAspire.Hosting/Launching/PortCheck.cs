using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using MonitorAspire.Hosting.Dashboard;
using MonitorAspire.Hosting.Resources;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Hosting.Launching;

/// <summary>Checks the port before each launch. If another process owns it, the launch could only fail, and Aspire would show just an exit
/// code. Instead the launch is refused with a message that names the owner.</summary>
internal sealed class PortCheck(
    IDistributedApplicationEventing eventing, DistributedApplicationModel model, IDaemonEngine engine, DaemonDisplay display, LaunchTraces traces) : LifecycleService
{
    private static readonly InspectOptions WithoutHealth = new() { ProbeHealth = false };

    // The handlers run in the order of their subscription. Aspire's own handler waits for the resources that this one needs, and a port that
    // was free before that wait may be taken after it. Aspire has subscribed when the first service is started.
    public override Task StartingAsync(CancellationToken cancellationToken)
    {
        eventing.Subscribe<BeforeResourceStartedEvent>((starting, cancelled) =>
            SupervisedResource.AllOf(model).FirstOrDefault(s => s.Resource == starting.Resource) is { } supervised ? BeforeLaunchAsync(supervised, cancelled) : Task.CompletedTask);
        return Task.CompletedTask;
    }

    /// <exception cref="DistributedApplicationException">The port is taken; the message names the owner.</exception>
    private async Task BeforeLaunchAsync(SupervisedResource supervised, CancellationToken cancellationToken)
    {
        traces.BeginLaunch(supervised.Name, supervised.Port);
        if (supervised.Spec is not { } spec)
        {
            return;
        }

        var seen = await engine.InspectAsync(spec, WithoutHealth, cancellationToken).ConfigureAwait(false);
        if (seen.Verdict != InspectionVerdict.Foreign)
        {
            traces.PortIsChecked(supervised.Name);
            await display.SetRefusalAsync(supervised.Name, null).ConfigureAwait(false);
            return;
        }

        var reason = seen.Detail ?? $"another process owns port {spec.Port}";
        traces.EndLaunch(supervised.Name, pid: null, reason);
        await display.SetRefusalAsync(supervised.Name, reason).ConfigureAwait(false);
        throw new LaunchRefusedException(reason);
    }
}

/// <summary>Aspire logs the exception that refuses a launch in the console log of the resource. The message says all; a stack trace would
/// hide it.</summary>
internal sealed class LaunchRefusedException(string reason) : DistributedApplicationException(reason)
{
    public override string? StackTrace => null;

    public override string ToString() => $"Not launched: {Message}";
}
