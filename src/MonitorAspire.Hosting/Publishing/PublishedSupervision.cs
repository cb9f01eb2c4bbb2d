using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Pipelines;
using Microsoft.Extensions.Logging;
using MonitorAspire.Hosting.Resources;

namespace MonitorAspire.Hosting.Publishing;

/// <summary>What remains of supervision in a published application: the platform starts, probes and restarts the resources there.</summary>
internal static partial class PublishedSupervision
{
    /// <summary>The host that a published daemon listens on: every IPv4 address, because the platform probes it from outside.</summary>
    internal const string Host = "0.0.0.0";

    /// <summary>The state directory of a published daemon. Every user of a container can make it.</summary>
    internal const string StateDirectory = "/tmp/monitor-aspire";

    internal static void AddPublishing(this IDistributedApplicationBuilder builder, MonitorsOptions options)
    {
        // Before the steps that read the probes.
        builder.OnBeforeStart((started, _) =>
        {
            var supervised = PublishedOf(started.Model);
            foreach (var one in supervised)
            {
                var health = one.Definition.Health ?? new HealthCheck();
                if (health.Kind is HealthCheckKind.Http or HealthCheckKind.Https)
                {
                    RefuseStatuses(one.Resource, health);
                    PublishedProbes.AddTo(one, options);
                }
            }

            KubernetesWorkload.Customize(started.Model, supervised, options);
            return Task.CompletedTask;
        });

#pragma warning disable ASPIREPIPELINES001 // The aspire tool shows what the steps log, and nothing else.
        builder.Pipeline.AddStep(
            "check-supervision",
            context =>
            {
                foreach (var (resource, parts) in NotPublished(context.Model, options))
                {
                    LogNotPublished(context.Logger, resource, parts);
                }

                return Task.CompletedTask;
            },
            requiredBy: WellKnownPipelineSteps.BeforeStart);
#pragma warning restore ASPIREPIPELINES001
    }

    /// <summary>The names of the resources that are published without a part of their supervision, with these parts.</summary>
    internal static IEnumerable<(string Resource, string Parts)> NotPublished(DistributedApplicationModel model, MonitorsOptions options) =>
        from one in PublishedOf(model)
        let parts = NotPublished(one, one.Definition.Health ?? new HealthCheck(), options)
        where parts.Count > 0
        select (one.Resource.Name, string.Join("; ", parts));

    private static List<SupervisedResource> PublishedOf(DistributedApplicationModel model) =>
        [.. SupervisedResource.AllOf(model, allowReplicas: true).Where(s => !s.Resource.IsExcludedFromPublish())];

    private static void RefuseStatuses(IResource resource, HealthCheck health)
    {
        if (health.Statuses.Count > 0 && !health.Statuses.Any(status => status is >= 200 and < 400))
        {
            throw new DistributedApplicationException(
                $"'{resource.Name}' cannot be published: a probe passes with a status of 200 to 399, and its health check accepts {string.Join(", ", health.Statuses)} only");
        }
    }

    private static List<string> NotPublished(SupervisedResource supervised, HealthCheck health, MonitorsOptions options)
    {
        var restart = supervised.Definition.Restart ?? options.Restart;
        return
        [
            .. Part(supervised.Resource is ExecutableResource && !supervised.Resource.IsContainer(),
                "it is an executable, which a platform for containers leaves out (PublishAsDockerFile makes it a container)"),
            .. Part(health.Kind is not (HealthCheckKind.Http or HealthCheckKind.Https),
                $"it has no probes, because Aspire publishes HTTP probes only and its health check is of the kind {health.Kind}"),
            .. Part(health.Statuses.Any(status => status != 200), "its probes pass with every status of 200 to 399"),
            .. Part(health.Headers.Count > 0, "its probes send no headers"),
            .. Part(health.Text is not null, "its probes do not look at the body"),
            .. Part(restart.Mode == RestartMode.Never, "the platform restarts it, although its restart mode is Never"),
            .. Part(restart with { Mode = default } != new RestartPolicy(), "the platform has restart delays of its own and no limit for crash loops"),
            .. Part(supervised.Definition.StopSignal != default, $"the stop signal is that of the image and not {supervised.Definition.StopSignal}"),
        ];

        static string[] Part(bool condition, string text) => condition ? [text] : [];
    }

    [LoggerMessage(1, LogLevel.Warning, "{Resource} is published without a part of its supervision: {Parts}")]
    private static partial void LogNotPublished(ILogger logger, string resource, string parts);
}
