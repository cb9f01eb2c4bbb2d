using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Hosting.Supervision;

/// <summary>What every resource under supervision gets.</summary>
internal static class SupervisionSetup
{
    /// <summary>Puts a resource under supervision: three health reports, two commands, and what a launch needs in its environment.</summary>
    internal static IResourceBuilder<T> Supervise<T>(this IResourceBuilder<T> builder, SupervisionAnnotation annotation)
        where T : IResourceWithEndpoints
    {
        var resource = builder.Resource;
        if (resource.Annotations.OfType<SupervisionAnnotation>().Any())
        {
            throw new DistributedApplicationException($"'{resource.Name}' is under supervision already");
        }

        if (resource.IsContainer())
        {
            throw new DistributedApplicationException(
                $"'{resource.Name}' is a container: its processes are the container engine's, which has restart policies of its own. Projects and executables can be supervised.");
        }

        if (!annotation.Options.HealthPath.StartsWith('/'))
        {
            throw new DistributedApplicationException($"the health path '{annotation.Options.HealthPath}' of '{resource.Name}' does not start with '/'");
        }

        if (annotation.Options.Restart?.Validate() is { } invalid)
        {
            throw new DistributedApplicationException($"the restart policy of '{resource.Name}' is wrong: {invalid}");
        }

        resource.Annotations.Add(annotation);
        if (!builder.ApplicationBuilder.ExecutionContext.IsRunMode)
        {
            return builder;
        }

        builder.ApplicationBuilder.OnBeforeStart(static (started, _) => started.Model.Resources.Any(r => r.Annotations.OfType<SupervisorAnnotation>().Any())
            ? Task.CompletedTask
            : throw new DistributedApplicationException(
                "resources are under supervision, but the application has no supervisor: builder.AddMonitorSupervisor<Projects.MonitorAspire_Supervisor>()"));

        foreach (var check in Enum.GetValues<CheckName>())
        {
            var key = $"{resource.Name}-{WireNames.Of(check)}";
            builder.ApplicationBuilder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
                key, services => new DaemonHealthCheck(services.GetRequiredService<DaemonBoard>(), annotation.DaemonName, check), HealthStatus.Unhealthy, tags: null));
            resource.Annotations.Add(new HealthCheckAnnotation(key));
        }

        resource.Annotations.Add(new EnvironmentCallbackAnnotation(context =>
        {
            // Asked anew at every launch. The id marks the process and all its descendants as this instance's, and the instance as ours.
            if (SupervisedResource.In(context.ExecutionContext.Services.GetRequiredService<DistributedApplicationModel>())
                .FirstOrDefault(r => r.Resource == context.Resource) is { Port: { } port })
            {
                context.EnvironmentVariables[InstanceRecord.EnvironmentVariable] = InstanceRecord.NewInstanceId(
                    port, context.ExecutionContext.Services.GetRequiredService<SupervisorAddress>().LaunchId);
            }

            if (context.ExecutionContext.Services.GetRequiredService<LaunchTraces>().CurrentOf(annotation.DaemonName) is { } traceParent)
            {
                context.EnvironmentVariables["TRACEPARENT"] = traceParent;
            }
        }));

        return builder.WithSupervisionCommands(annotation.DaemonName);
    }
}
