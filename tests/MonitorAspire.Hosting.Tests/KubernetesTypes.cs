using Aspire.Hosting.ApplicationModel;

// The package Aspire.Hosting.Kubernetes is not on every package source. These have the names and the shape of its public types.
#pragma warning disable IDE0130 // The namespace is the package's.
namespace Aspire.Hosting.Kubernetes;

public sealed class KubernetesEnvironmentResource(string name) : Resource(name);

public sealed class KubernetesServiceCustomizationAnnotation(Action<KubernetesResource> configure) : IResourceAnnotation
{
    public Action<KubernetesResource> Configure { get; } = configure;
}

public sealed class KubernetesResource
{
    public object? Workload { get; set; }
}

public sealed class Deployment
{
    public string Kind { get; } = "Deployment";

    public DeploymentSpec Spec { get; } = new();

    public PodTemplate PodTemplate => Spec.Template;
}

public sealed class DeploymentSpec
{
    public PodTemplate Template { get; } = new();

    public DeploymentStrategy Strategy { get; } = new();
}

public sealed class DeploymentStrategy
{
    public RollingUpdate RollingUpdate { get; } = new();
}

public sealed class RollingUpdate
{
    public int MaxUnavailable { get; set; } = 1;
}

public sealed class PodTemplate
{
    public PodSpec Spec { get; } = new();
}

public sealed class PodSpec
{
    public long? TerminationGracePeriodSeconds { get; set; }

    public List<PodContainer> Containers { get; } = [];
}

public sealed class PodContainer
{
    public string? TerminationMessagePolicy { get; set; }

    public PodProbe? StartupProbe { get; set; }

    public PodProbe? ReadinessProbe { get; set; }

    public PodProbe? LivenessProbe { get; set; }
}

public sealed class PodProbe
{
    public HttpGet? HttpGet { get; set; }
}

public sealed class HttpGet
{
    public string Scheme { get; set; } = "http";
}
