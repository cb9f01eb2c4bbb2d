using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Hosting.Resources;

namespace Aspire.Hosting;

/// <summary>Puts resources under supervision.</summary>
public static class SupervisionExtensions
{
    /// <summary>
    /// Puts a project or an executable under supervision. Its start is verified: the process that was launched owns the port and answers
    /// its health check. It is watched, and restarted with growing delays when it fails, until it is declared a crash loop. The application
    /// needs one supervisor, see
    /// <see cref="MonitorSupervisorExtensions.AddMonitorSupervisor(IDistributedApplicationBuilder, string, int?)"/>.
    /// </summary>
    /// <remarks>
    /// The owner of a port can be proved only for the process's own port. So the endpoint gets no proxy, unless its public and its target
    /// port differ. The resource must listen where its environment says, for example with <c>WithHttpEndpoint(env: "PORT")</c>.
    /// </remarks>
    /// <typeparam name="T">The type of the resource.</typeparam>
    /// <param name="builder">The resource.</param>
    /// <param name="configure">
    /// Sets health path, health check, restart policy and the writer of the PID file. Address, command and environment are those of the resource and
    /// cannot be set. Default: the defaults of <see cref="DaemonDefinition"/>; the PID file is written by the supervisor.
    /// </param>
    /// <param name="endpointName">
    /// Name of the endpoint that is watched. Default <c>http</c>. An HTTPS endpoint is checked over HTTPS. An endpoint of another scheme needs
    /// a health check that fits (<see cref="DaemonDefinition.Health"/>).
    /// </param>
    /// <returns>The resource.</returns>
    /// <exception cref="DistributedApplicationException">
    /// The definition is wrong, the resource is a container, or it is under supervision already. A missing endpoint, several replicas or a
    /// missing supervisor are reported when the application starts.
    /// </exception>
    public static IResourceBuilder<T> WithSupervision<T>(
        this IResourceBuilder<T> builder, Action<DaemonDefinition>? configure = null, [EndpointName] string endpointName = MonitorDaemonsExtensions.EndpointName)
        where T : IResourceWithEndpoints
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(endpointName);
        var definition = new DaemonDefinition { Name = builder.Resource.Name, Launch = LaunchMode.Attached, PidFileWriter = PidFileWriter.Launcher };
        configure?.Invoke(definition);
        return builder.Supervise(new SupervisionAnnotation(definition, endpointName));
    }
}
