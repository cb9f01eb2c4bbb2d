using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Supervision.Daemons;

namespace Aspire.Hosting;

/// <summary>The daemons that <see cref="MonitorDaemonsExtensions.AddMonitorDaemons{TProject}"/> has added.</summary>
public sealed class MonitorFleet
{
    internal MonitorFleet(
        IDistributedApplicationBuilder applicationBuilder,
        MonitorsOptions options,
        string stateDirectory,
        IReadOnlyList<DaemonSpec> specs,
        IReadOnlyList<IResourceBuilder<IResourceWithEndpoints>> daemons)
    {
        ApplicationBuilder = applicationBuilder;
        Options = options;
        StateDirectory = stateDirectory;
        Specs = specs;
        Daemons = daemons;
    }

    /// <summary>The resources of the daemons, in the order of the configuration.</summary>
    public IReadOnlyList<IResourceBuilder<IResourceWithEndpoints>> Daemons { get; }

    /// <summary>The application that they belong to.</summary>
    internal IDistributedApplicationBuilder ApplicationBuilder { get; }

    /// <summary>The options that they were resolved from.</summary>
    internal MonitorsOptions Options { get; }

    /// <summary>Absolute path of the state directory of daemons and supervisor.</summary>
    internal string StateDirectory { get; }

    /// <summary>The specs of <see cref="Daemons"/>.</summary>
    internal IReadOnlyList<DaemonSpec> Specs { get; }
}
