using MonitorAspire.Supervisor.Dashboard.Commands;
using MonitorAspire.Supervisor.Dashboard.Hosting;
using MonitorAspire.Supervisor.Dashboard.Resources;

namespace MonitorAspire.Supervisor.Dashboard;

/// <summary>Makes the fleet visible and operable in the Aspire dashboard.</summary>
internal static class DashboardResourceService
{
    /// <summary>Serves the fleet to a dashboard where <see cref="ResourceServiceSettings.UrlVariable"/> says so; otherwise does nothing.</summary>
    /// <param name="services">The supervisor's services, with the fleet among them.</param>
    /// <param name="configuration">The configuration.</param>
    /// <exception cref="Settings.ConfigurationException">URL or key cannot be used.</exception>
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
