namespace Aspire.Hosting.ApplicationModel;

/// <summary>The supervisor of a distributed application: a program that comes with this package and runs on this machine.</summary>
public sealed class MonitorSupervisorResource : ExecutableResource, IResourceWithServiceDiscovery
{
    internal MonitorSupervisorResource(string name, string command, string workingDirectory)
        : base(name, command, workingDirectory)
    {
    }

    /// <summary>The endpoint of the REST API, on 127.0.0.1.</summary>
    public EndpointReference HttpEndpoint => new(this, MonitorDaemonsExtensions.EndpointName);
}
