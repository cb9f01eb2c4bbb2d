using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using MonitorAspire.Hosting.Dashboard;
using MonitorAspire.Hosting.Launching;
using MonitorAspire.Hosting.Supervisor;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Hosting.Resources;

internal static class SupervisionSetup
{
    /// <summary>Adds three health reports, commands, and what a launch needs in its environment.</summary>
    internal static IResourceBuilder<T> Supervise<T>(this IResourceBuilder<T> builder, SupervisionAnnotation annotation)
        where T : IResourceWithEndpoints
    {
        var resource = builder.Resource;
        if (resource.HasAnnotationOfType<SupervisionAnnotation>())
        {
            throw new DistributedApplicationException($"'{resource.Name}' is under supervision already");
        }

        // PublishAsDockerFile makes a container of a project or an executable, in a published application only.
        if (resource.IsContainer() && builder.ApplicationBuilder.ExecutionContext.IsRunMode || resource is ContainerResource)
        {
            throw new DistributedApplicationException(
                $"'{resource.Name}' is a container: its processes belong to the container engine, which has restart policies of its own. Projects and executables can be supervised.");
        }

        if (Problem(annotation.Definition) is { } problem)
        {
            throw new DistributedApplicationException($"the supervision of '{resource.Name}' is wrong: {problem}");
        }

        resource.Annotations.Add(annotation);
        builder.ApplicationBuilder.OnBeforeStart(static (started, _) => started.Model.Resources.Any(r => r.HasAnnotationOfType<SupervisorAnnotation>())
            ? Task.CompletedTask
            : throw new DistributedApplicationException(
                "resources are under supervision, but the application has no supervisor: builder.AddMonitorSupervisor()"));
        if (!builder.ApplicationBuilder.ExecutionContext.IsRunMode)
        {
            return builder;
        }

        foreach (var check in Enum.GetValues<CheckName>())
        {
            var key = $"{resource.Name}-{WireNames.Of(check)}";
            builder.ApplicationBuilder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
                key, services => new DaemonHealthCheck(services.GetRequiredService<DaemonDisplay>(), annotation.DaemonName, check), HealthStatus.Unhealthy, tags: null));
            resource.Annotations.Add(new HealthCheckAnnotation(key));
        }

        resource.Annotations.Add(new EnvironmentCallbackAnnotation(context => AddLaunchVariables(context, annotation)));
        return builder.WithSupervisionCommands(annotation.DaemonName);
    }

    // Called at every launch.
    private static void AddLaunchVariables(EnvironmentCallbackContext context, SupervisionAnnotation annotation)
    {
        var services = context.ExecutionContext.Services;
        var isPersistent = Persistence.IsPersistent(context.Resource);

        // The id marks the process and its descendants as this instance, and the instance as one of this AppHost.
        if (SupervisedResource.AllOf(services.GetRequiredService<DistributedApplicationModel>()).FirstOrDefault(r => r.Resource == context.Resource) is { Port: { } port })
        {
            var launchId = services.GetRequiredService<SupervisorAddress>().LaunchId;
            context.EnvironmentVariables[InstanceRecord.EnvironmentVariable] = isPersistent
                ? InstanceRecord.PersistentInstanceId(port, launchId)
                : InstanceRecord.NewInstanceId(port, launchId);
        }

        // Aspire starts a persistent process again when its environment has changed, and every launch has another trace.
        if (services.GetRequiredService<LaunchTraces>().CurrentOf(annotation.DaemonName) is { } traceParent && !isPersistent)
        {
            context.EnvironmentVariables["TRACEPARENT"] = traceParent;
        }
    }

    private static string? Problem(DaemonDefinition definition) => definition is
        {
            Host: null, Port: 0, PortRangeEnd: null, Service: null, Command: null, Arguments.Count: 0, WorkingDirectory: null, Environment.Count: 0, Launch: LaunchMode.Attached,
        }
        ? FleetTopology.Validate(DefinitionMapper.ToSpec(definition with { Port = DaemonSpec.DefaultPort }))
        : "address, command, working directory, environment and launch mode are the resource's own and cannot be set";
}
