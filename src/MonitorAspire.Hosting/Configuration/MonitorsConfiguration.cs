using Aspire.Hosting;
using Microsoft.Extensions.Configuration;
using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Hosting.Configuration;

/// <summary>Reads the section <c>Monitors</c> of an application's configuration.</summary>
internal static class MonitorsConfiguration
{
    /// <summary>The options with the absolute path of the state directory, and the daemons that they declare.</summary>
    internal static (MonitorsOptions Options, IReadOnlyList<DaemonSpec> Specs) Read(IConfiguration configuration, Action<MonitorsOptions>? configure = null)
    {
        try
        {
            var options = configuration.GetSection(MonitorsOptions.Section).Get<MonitorsOptions>(binder => binder.ErrorOnUnknownConfiguration = true) ?? new MonitorsOptions();
            configure?.Invoke(options);
            var specs = FleetTopology.Resolve(options, out var errors);
            return errors.Count > 0
                ? throw new DistributedApplicationException(string.Join("; ", errors))
                : (options with { StateDirectory = StateDirectory.Resolve(options.StateDirectory) }, specs);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IOException or NotSupportedException)
        {
            // A value of another type, an unknown key, or a state directory that is not a path.
            throw new DistributedApplicationException(e.Message.ReplaceLineEndings(" "), e);
        }
    }
}

/// <summary>Turns the names of daemons into names of Aspire resources, which can have letters, digits and hyphens only.</summary>
internal static class ResourceName
{
    internal static string For(string daemonName)
    {
        var name = daemonName.Replace('.', '-').Replace('_', '-');

        // The name of a resource starts with a letter.
        return char.IsAsciiLetter(name[0]) ? name : $"monitor-{name}";
    }
}
