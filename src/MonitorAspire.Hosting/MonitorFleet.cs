using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>The daemons that <see cref="MonitorDaemonsExtensions.AddMonitorDaemons{TProject}"/> has added.</summary>
public sealed class MonitorFleet
{
    internal MonitorFleet(
        IDistributedApplicationBuilder builder, MonitorsOptions options, IReadOnlyList<DaemonSpec> specs, IReadOnlyList<IResourceBuilder<IResourceWithEndpoints>> daemons)
        => (ApplicationBuilder, Options, Specs, Daemons) = (builder, options, specs, daemons);

    /// <summary>The resources of the daemons, in the order of the configuration.</summary>
    public IReadOnlyList<IResourceBuilder<IResourceWithEndpoints>> Daemons { get; }

    internal IReadOnlyList<DaemonSpec> Specs { get; }

    internal IDistributedApplicationBuilder ApplicationBuilder { get; }

    /// <summary>The options that the daemons were resolved from, with the absolute path of the state directory.</summary>
    internal MonitorsOptions Options { get; }
}
