using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Hosting.Supervision;

namespace Aspire.Hosting;

/// <summary>Puts resources of any kind under supervision.</summary>
public static class SupervisionExtensions
{
    /// <summary>
    /// Puts a project or an executable under supervision: its start is verified (the process that was launched owns the port and answers
    /// its health check), it is watched, started again with a growing delay when it fails, and declared a crash loop when that does
    /// not help. The application needs one supervisor for all of them, see
    /// <see cref="MonitorSupervisorExtensions.AddMonitorSupervisor{TProject}(IDistributedApplicationBuilder, string, int)"/>.
    /// </summary>
    /// <remarks>
    /// To prove who owns a port, the port must be the process's own: unless the endpoint has a public and a target port that differ, no
    /// proxy is put in front of it. The resource listens where its environment says, for example with
    /// <c>WithHttpEndpoint(env: "PORT")</c>.
    /// </remarks>
    /// <typeparam name="T">The kind of resource.</typeparam>
    /// <param name="builder">The resource.</param>
    /// <param name="configure">Health path and restart policy. Default: those of <see cref="SupervisionOptions"/>.</param>
    /// <param name="endpointName">Name of the HTTP endpoint that is watched. Default <c>http</c>.</param>
    /// <returns>The resource.</returns>
    /// <exception cref="DistributedApplicationException">
    /// The options are wrong, the resource is a container, or it is under supervision already. That it has no such endpoint, has several
    /// replicas, or that there is no supervisor, is said when the application starts.
    /// </exception>
    public static IResourceBuilder<T> WithSupervision<T>(
        this IResourceBuilder<T> builder, Action<SupervisionOptions>? configure = null, [EndpointName] string endpointName = MonitorDaemonsExtensions.EndpointName)
        where T : IResourceWithEndpoints
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(endpointName);
        var options = new SupervisionOptions();
        configure?.Invoke(options);
        return builder.Supervise(new SupervisionAnnotation(builder.Resource.Name, endpointName, options, ClaimsItself: false));
    }
}
