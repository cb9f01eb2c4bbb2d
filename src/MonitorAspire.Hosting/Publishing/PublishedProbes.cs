using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Hosting.Resources;

namespace MonitorAspire.Hosting.Publishing;

#pragma warning disable ASPIREPROBES001 // Only these annotations become probes of a published workload. A health check does not.

/// <summary>Gives a published resource the probes that have the meaning of its verified start and of its checks.</summary>
internal static class PublishedProbes
{
    internal static void AddTo(SupervisedResource supervised, MonitorsOptions fleet)
    {
        var (startup, running) = (supervised.Definition.Health?.Startup, fleet.Probe.With(supervised.Definition.Health?.Liveness));
        var period = Seconds(startup?.Interval ?? TimeSpan.FromSeconds(1));
        var tries = (int)Math.Ceiling(fleet.StartTimeout.TotalSeconds / period);
        Add(ProbeType.Startup, period, startup?.Timeout ?? running.Timeout, Math.Max(1, Math.Min(tries, startup?.Failures ?? tries)));

        // The first failed check makes a daemon unhealthy, and the last one restarts it.
        Add(ProbeType.Readiness, Seconds(running.Interval), running.Timeout, 1);
        Add(ProbeType.Liveness, Seconds(running.Interval), running.Timeout, running.Failures);

        void Add(ProbeType type, int period, TimeSpan timeout, int failures)
        {
            // A probe that the user has set remains.
            if (supervised.Resource.Annotations.OfType<ProbeAnnotation>().Any(p => p.Type == type))
            {
                return;
            }

            supervised.Resource.Annotations.Add(new EndpointProbeAnnotation
            {
                Type = type,
                EndpointReference = new EndpointReference(supervised.Resource, PlainEndpoint(supervised)),
                Path = supervised.Definition.HealthPath ?? DaemonSpec.DefaultHealthPath,
                PeriodSeconds = period,
                TimeoutSeconds = Seconds(timeout),
                FailureThreshold = failures,
                SuccessThreshold = 1,
            });
        }
    }

    /// <summary>A probe has whole seconds, one at least.</summary>
    internal static int Seconds(TimeSpan time) => Math.Max(1, (int)Math.Ceiling(time.TotalSeconds));

    // A published project listens on plain HTTP. What is in front of it has the certificate.
    private static EndpointAnnotation PlainEndpoint(SupervisedResource supervised) =>
        supervised is { Resource: ProjectResource, Endpoint.UriScheme: "https" }
            && supervised.Resource.Annotations.OfType<EndpointAnnotation>().FirstOrDefault(e => e.UriScheme == "http") is { } plain
            ? plain
            : supervised.Endpoint;
}
