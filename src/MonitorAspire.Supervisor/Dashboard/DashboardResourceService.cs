using MonitorAspire.Supervisor.Dashboard.Resources;
using MonitorAspire.Supervisor.Dashboard.Server;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Dashboard;

/// <summary>Shows the fleet in the Aspire dashboard, with commands.</summary>
internal static class DashboardResourceService
{
    /// <summary>Adds the service if <see cref="ResourceServiceSettings.UrlVariable"/> is set.</summary>
    /// <param name="services">The supervisor's services.</param>
    /// <param name="configuration">The configuration.</param>
    /// <exception cref="ConfigurationException">URL or key cannot be used.</exception>
    internal static IServiceCollection AddDashboardResourceService(this IServiceCollection services, IConfiguration configuration)
    {
        var settings = ResourceServiceSettings.Read(configuration);
        if (settings is null)
        {
            return services;
        }

        services.AddSingleton(settings);
        services.AddSingleton<SupervisorResource>();
        services.AddSingleton<ResourceCatalog>();
        services.AddSingleton<ResourceFeed>();
        services.AddSingleton<CommandRunner>();
        services.AddHostedService<ResourceServer>();
        return services;
    }
}
