using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.CSharp.RuntimeBinder;
using MonitorAspire.Hosting.Resources;

namespace MonitorAspire.Hosting.Publishing;

/// <summary>Completes the workloads that Aspire.Hosting.Kubernetes makes. That package is not a dependency of this one: an AppHost that
/// publishes to Kubernetes brings it, and its public types are found by their names.</summary>
internal static class KubernetesWorkload
{
    private const string Package = "Aspire.Hosting.Kubernetes";

    internal static void Customize(DistributedApplicationModel model, IReadOnlyList<SupervisedResource> supervised, MonitorsOptions options)
    {
        // An environment of Kubernetes, or one that is built on it.
        var kubernetes = model.Resources.SelectMany(r => r.Annotations.Select(a => a.GetType()).Prepend(r.GetType())).FirstOrDefault(type =>
            type.Name is "KubernetesEnvironmentResource" or "KubernetesEnvironmentAnnotation" && type.Namespace?.StartsWith(Package, StringComparison.Ordinal) == true)?.Assembly;
        if (kubernetes is null)
        {
            return;
        }

        var annotation = kubernetes.GetType($"{Package}.KubernetesServiceCustomizationAnnotation", throwOnError: true)!;
        foreach (var one in supervised)
        {
            Action<object> complete = workload => Complete(workload, one.Resource.Name, options);

            // The first one, so that what the user changes comes after it. A platform's own action takes a KubernetesResource, which an action for
            // every object does as well.
            one.Resource.Annotations.Insert(0, (IResourceAnnotation)Activator.CreateInstance(annotation, complete)!);
        }
    }

    private static void Complete(dynamic kubernetes, string resource, MonitorsOptions options)
    {
        try
        {
            var pod = kubernetes.Workload.PodTemplate.Spec;
            pod.TerminationGracePeriodSeconds = (long)PublishedProbes.Seconds(options.StopGracePeriod);
            foreach (var container in pod.Containers)
            {
                // What a process wrote last is the reason of its end that Kubernetes shows.
                container.TerminationMessagePolicy = "FallbackToLogsOnError";
                foreach (var probe in new[] { container.StartupProbe, container.ReadinessProbe, container.LivenessProbe })
                {
                    // Aspire writes the scheme in lower case, which Kubernetes refuses.
                    if (probe?.HttpGet is { } request)
                    {
                        request.Scheme = ((string)request.Scheme).ToUpperInvariant();
                    }
                }
            }

            // The old instance serves until the new one is ready.
            if (kubernetes.Workload.Kind == "Deployment")
            {
                kubernetes.Workload.Spec.Strategy.RollingUpdate.MaxUnavailable = 0;
            }
        }
        catch (RuntimeBinderException e)
        {
            throw new DistributedApplicationException($"'{resource}' cannot be published with this version of {Package}: {e.Message}", e);
        }
    }
}
