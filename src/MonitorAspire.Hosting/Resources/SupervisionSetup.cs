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
    /// <summary>Adds three health reports, two commands, and what a launch needs in its environment.</summary>
    internal static IResourceBuilder<T> Supervise<T>(this IResourceBuilder<T> builder, SupervisionAnnotation annotation)
        where T : IResourceWithEndpoints
    {
        var resource = builder.Resource;
        if (resource.HasAnnotationOfType<SupervisionAnnotation>())
        {
            throw new DistributedApplicationException($"'{resource.Name}' is under supervision already");
        }

        if (resource.IsContainer())
        {
            throw new DistributedApplicationException(
                $"'{resource.Name}' is a container: its processes belong to the container engine, which has restart policies of its own. Projects and executables can be supervised.");
        }

        if (Problem(annotation.Definition) is { } problem)
        {
            throw new DistributedApplicationException($"the supervision of '{resource.Name}' is wrong: {problem}");
        }

        resource.Annotations.Add(annotation);
        if (!builder.ApplicationBuilder.ExecutionContext.IsRunMode)
        {
            return builder;
        }

        builder.ApplicationBuilder.OnBeforeStart(static (started, _) => started.Model.Resources.Any(r => r.HasAnnotationOfType<SupervisorAnnotation>())
            ? Task.CompletedTask
            : throw new DistributedApplicationException(
                "resources are under supervision, but the application has no supervisor: builder.AddMonitorSupervisor()"));

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

        // The id marks the process and its descendants as this instance, and the instance as one of this AppHost.
        if (SupervisedResource.AllOf(services.GetRequiredService<DistributedApplicationModel>()).FirstOrDefault(r => r.Resource == context.Resource) is { Port: { } port })
        {
            context.EnvironmentVariables[InstanceRecord.EnvironmentVariable] = InstanceRecord.NewInstanceId(port, services.GetRequiredService<SupervisorAddress>().LaunchId);
        }

        if (services.GetRequiredService<LaunchTraces>().CurrentOf(annotation.DaemonName) is { } traceParent)
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

/// <summary>The commands that a supervised resource has in the dashboard, in addition to Aspire's own.</summary>
internal static class SupervisionCommands
{
    internal const string Diagnose = "diagnose";
    internal const string ResetCrashLoop = "reset-crash-loop";

    internal static IResourceBuilder<T> WithSupervisionCommands<T>(this IResourceBuilder<T> builder, string daemon)
        where T : IResource => builder
        .WithCommand(
            Diagnose,
            "Diagnose",
            context => RunAsync(context, async client => CommandResults.Success(
                $"Diagnosis of {daemon}", await client.DiagnoseAsync(daemon, context.CancellationToken).ConfigureAwait(false), CommandResultFormat.Markdown, displayImmediately: true)),
            new CommandOptions
            {
                Description = "What the supervisor knows about this daemon: its checks, the owner of its port, its last failure, and what to do.",
                IconName = "Stethoscope",
                // Also for a daemon that does not run, which needs it most.
                UpdateState = static _ => ResourceCommandState.Enabled,
            })
        .WithCommand(
            ResetCrashLoop,
            "Reset crash loop",
            context => RunAsync(context, async client =>
            {
                await client.ResetAsync(daemon, context.CancellationToken).ConfigureAwait(false);
                return CommandResults.Success($"The failures of {daemon} are reset; it is started now");
            }),
            new CommandOptions
            {
                Description = "Resets the failures of the daemon and starts it at once.",
                IconName = "ArrowReset",
                UpdateState = context => context.Services.GetRequiredService<DaemonDisplay>().Find(daemon)?.State is DaemonState.CrashLooping or DaemonState.Backoff
                    ? ResourceCommandState.Enabled
                    : ResourceCommandState.Hidden,
            });

    private static async Task<ExecuteCommandResult> RunAsync(ExecuteCommandContext context, Func<SupervisorClient, Task<ExecuteCommandResult>> command)
    {
        try
        {
            return await command(context.Services.GetRequiredService<SupervisorClient>()).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return CommandResults.Failure(e.Message);
        }
    }
}
