using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Supervision.Daemons;

namespace Aspire.Hosting;

/// <summary>The daemons of a distributed application, as they were declared together.</summary>
public sealed class MonitorFleet
{
    internal MonitorFleet(
        IDistributedApplicationBuilder applicationBuilder, MonitorsOptions options, string stateDirectory, IReadOnlyList<MonitorFleetMember> members)
    {
        ApplicationBuilder = applicationBuilder;
        Options = options;
        StateDirectory = stateDirectory;
        Members = members;
    }

    /// <summary>The application that they belong to.</summary>
    public IDistributedApplicationBuilder ApplicationBuilder { get; }

    /// <summary>The configuration that they were declared from.</summary>
    public MonitorsOptions Options { get; }

    /// <summary>Absolute path of the state directory that daemons and supervisor share.</summary>
    public string StateDirectory { get; }

    /// <summary>The daemons, in the order of the configuration.</summary>
    public IReadOnlyList<MonitorFleetMember> Members { get; }
}

/// <summary>One daemon of a <see cref="MonitorFleet"/>.</summary>
/// <param name="Spec">What it is for the engine.</param>
/// <param name="Resource">What it is for Aspire.</param>
public sealed record MonitorFleetMember(DaemonSpec Spec, IResourceBuilder<IResourceWithEndpoints> Resource);
