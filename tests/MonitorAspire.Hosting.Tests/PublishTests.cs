using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Kubernetes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using MonitorAspire.Hosting.Publishing;
using MonitorAspire.Supervision.Daemons;

#pragma warning disable ASPIREPROBES001 // What is tested.

namespace MonitorAspire.Hosting.Tests;

/// <summary>A published application has no supervisor. What it did is the platform's task, with the same limits.</summary>
public sealed class PublishTests
{
    [Fact]
    public async Task Publish_SupervisedResource_HasThreeProbesFromItsLimits()
    {
        var builder = Builder("Monitors:StartTimeout=00:01:00", "Monitors:Probe:Timeout=00:00:01.5", "Monitors:Probe:Failures=7");
        builder.AddMonitorSupervisor();
        var web = builder.AddExecutable("web", "node", ".").WithHttpEndpoint(env: "PORT").PublishAsDockerFile().WithSupervision(options =>
        {
            options.HealthPath = "/ready";
            options.Health = new HealthCheck { Startup = new() { Interval = TimeSpan.FromSeconds(2) }, Liveness = new() { Interval = TimeSpan.FromMilliseconds(2500) } };
        });

        await PublishAsync(builder);

        Assert.Equal(
            [(ProbeType.Startup, "/ready", 2, 2, 30), (ProbeType.Readiness, "/ready", 3, 2, 1), (ProbeType.Liveness, "/ready", 3, 2, 7)],
            Probes(web.Resource).Select(p => (p.Type, p.Path, p.PeriodSeconds, p.TimeoutSeconds, p.FailureThreshold)));
        Assert.All(Probes(web.Resource), p => Assert.Equal(("http", 1, 0), (p.EndpointReference.EndpointName, p.SuccessThreshold, p.InitialDelaySeconds)));
        Assert.Empty(PublishedSupervision.NotPublished(new DistributedApplicationModel(builder.Resources), new MonitorsOptions()));
    }

    [Fact]
    public async Task Publish_ProbeOfTheUser_Remains()
    {
        var builder = Builder();
        builder.AddMonitorSupervisor();
        var web = builder.AddProject<SomeProject>("web").WithHttpEndpoint().WithHttpProbe(ProbeType.Liveness, "/alive").WithSupervision();

        await PublishAsync(builder);

        Assert.Equal(
            ["Liveness /alive", "Readiness /health", "Startup /health"], Probes(web.Resource).Select(p => $"{p.Type} {p.Path}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Publish_HttpsEndpointOfAProjectWithReplicas_IsProbedWhereTheContainerListens()
    {
        var builder = Builder();
        builder.AddMonitorSupervisor();
        var web = builder.AddProject<SomeProject>("web").WithHttpEndpoint().WithHttpsEndpoint().WithReplicas(3).WithSupervision(endpointName: "https");

        await PublishAsync(builder);

        Assert.Equal(["http", "http", "http"], Probes(web.Resource).Select(p => p.EndpointReference.EndpointName));
    }

    [Fact]
    public async Task Publish_StatusesThatNoProbeAccepts_AreRefused()
    {
        var builder = Builder();
        builder.AddMonitorSupervisor();
        builder.AddProject<SomeProject>("web").WithHttpEndpoint().WithSupervision(options => options.Health = new HealthCheck { Statuses = [401, 503] });

        var e = await Assert.ThrowsAsync<DistributedApplicationException>(() => PublishAsync(builder));

        Assert.Contains("'web' cannot be published: a probe passes with a status of 200 to 399, and its health check accepts 401, 503 only", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_WhatThePlatformDoesNotKeep_IsNamed()
    {
        var builder = Builder();
        builder.AddMonitorSupervisor();
        var cache = builder.AddExecutable("cache", "redis-server", ".").WithEndpoint(port: 6379, scheme: "tcp", name: "tcp").WithSupervision(
            options =>
            {
                options.Health = new HealthCheck { Kind = HealthCheckKind.Tcp };
                options.Restart = new RestartPolicy { Mode = RestartMode.Never, Budget = 3 };
            },
            "tcp");

        await PublishAsync(builder);

        Assert.Empty(Probes(cache.Resource));
        var (resource, parts) = Assert.Single(PublishedSupervision.NotPublished(new DistributedApplicationModel(builder.Resources), new MonitorsOptions()));
        Assert.Equal("cache", resource);
        Assert.Contains("PublishAsDockerFile", parts, StringComparison.Ordinal);
        Assert.Contains("of the kind Tcp", parts, StringComparison.Ordinal);
        Assert.Contains("restart mode is Never", parts, StringComparison.Ordinal);
        Assert.Contains("no limit for crash loops", parts, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_WithoutASupervisor_SaysWhatIsMissing()
    {
        var builder = Builder();
        builder.AddProject<SomeProject>("web").WithHttpEndpoint().WithSupervision();

        var e = await Assert.ThrowsAsync<DistributedApplicationException>(() => PublishAsync(builder));

        Assert.Contains("builder.AddMonitorSupervisor()", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_BuiltInDaemons_ListenWhereAProbeReachesThemAndKnowNothingOfThisMachine()
    {
        var builder = Builder("Monitors:Count=1", "Monitors:BasePort=9100", "Monitors:Host=127.0.0.1", "Monitors:StateDirectory=/home/ada/state");
        var fleet = builder.AddMonitorDaemons<SomeProject>();
        fleet.AddMonitorSupervisor();

        await using var app = await PublishAsync(builder);
        var configuration = await ExecutionConfigurationBuilder.Create(fleet.Daemons[0].Resource)
            .WithArgumentsConfig()
            .WithEnvironmentVariablesConfig()
            .BuildAsync(builder.ExecutionContext, NullLogger.Instance);

        Assert.Equal(["--port", "9100", "--host", "0.0.0.0", "--state-dir", "/tmp/monitor-aspire"], configuration.Arguments.Select(a => a.Value));
        Assert.Equal("/tmp/monitor-aspire", configuration.EnvironmentVariables.Single(v => v.Key == "MONITOR_STATE_DIR").Value);
        Assert.Equal(3, Probes(fleet.Daemons[0].Resource).Count());
    }

    [Fact]
    public async Task Publish_Kubernetes_WorkloadIsCompletedBeforeTheUserChangesIt()
    {
        var builder = Builder("Monitors:StopGracePeriod=00:00:25");
        builder.AddResource(new KubernetesEnvironmentResource("k8s"));
        builder.AddMonitorSupervisor();
        var web = builder.AddProject<SomeProject>("web").WithHttpEndpoint().WithSupervision()
            .WithAnnotation(new KubernetesServiceCustomizationAnnotation(k => ((Deployment)k.Workload!).PodTemplate.Spec.TerminationGracePeriodSeconds += 5));

        await PublishAsync(builder);
        var deployment = new Deployment();
        var container = new PodContainer { StartupProbe = new() { HttpGet = new() }, ReadinessProbe = new() { HttpGet = new() }, LivenessProbe = new() };
        deployment.PodTemplate.Spec.Containers.Add(container);
        foreach (var annotation in web.Resource.Annotations.OfType<KubernetesServiceCustomizationAnnotation>())
        {
            annotation.Configure(new KubernetesResource { Workload = deployment });
        }

        Assert.Equal(30, deployment.PodTemplate.Spec.TerminationGracePeriodSeconds);
        Assert.Equal(0, deployment.Spec.Strategy.RollingUpdate.MaxUnavailable);
        Assert.Equal(("HTTP", "HTTP"), (container.StartupProbe.HttpGet.Scheme, container.ReadinessProbe.HttpGet.Scheme));
        Assert.Equal("FallbackToLogsOnError", container.TerminationMessagePolicy);
    }

    [Fact]
    public async Task Publish_KubernetesOfAnotherShape_SaysThatTheVersionIsNotKnown()
    {
        var builder = Builder();
        builder.AddResource(new KubernetesEnvironmentResource("k8s"));
        builder.AddMonitorSupervisor();
        var web = builder.AddProject<SomeProject>("web").WithHttpEndpoint().WithSupervision();

        await PublishAsync(builder);
        var complete = Assert.Single(web.Resource.Annotations.OfType<KubernetesServiceCustomizationAnnotation>()).Configure;
        var e = Assert.Throws<DistributedApplicationException>(() => complete(new KubernetesResource { Workload = "something else" }));

        Assert.Contains("version of Aspire.Hosting.Kubernetes", e.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<EndpointProbeAnnotation> Probes(IResource resource) => resource.Annotations.OfType<EndpointProbeAnnotation>();

    private static IDistributedApplicationBuilder Builder(params string[] settings)
        => DistributedApplication.CreateBuilder(["--operation", "publish", "--step", "publish", .. settings.Select(s => $"--{s}")]);

    /// <summary>What Aspire does before it writes what is published.</summary>
    private static async Task<DistributedApplication> PublishAsync(IDistributedApplicationBuilder builder)
    {
        var app = builder.Build();
        await builder.Eventing.PublishAsync(new BeforeStartEvent(app.Services, app.Services.GetRequiredService<DistributedApplicationModel>()));
        return app;
    }
}
