using Aspire.Hosting;
using Microsoft.Extensions.Configuration;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Hosting;

/// <summary>Reads the section <c>Monitors</c> of an application's configuration.</summary>
internal static class MonitorsConfiguration
{
    /// <summary>What it says, defaults for what it does not, and the daemons that it declares.</summary>
    /// <param name="configuration">The application's configuration.</param>
    /// <param name="configure">Changes what the configuration says.</param>
    /// <exception cref="DistributedApplicationException">Something is wrong; the message has one line for each fault, with key and value.</exception>
    internal static (MonitorsOptions Options, IReadOnlyList<DaemonSpec> Specs) Read(IConfiguration configuration, Action<MonitorsOptions>? configure = null)
    {
        MonitorsOptions options;
        try
        {
            options = configuration.GetSection(MonitorsOptions.Section).Get<MonitorsOptions>() ?? new MonitorsOptions();
        }
        catch (InvalidOperationException e)
        {
            throw new DistributedApplicationException(e.Message, e);
        }

        configure?.Invoke(options);
        var specs = FleetTopology.Resolve(options, out var errors);
        return errors.Count > 0 ? throw new DistributedApplicationException(string.Join(Environment.NewLine, errors)) : (options, specs);
    }
}
