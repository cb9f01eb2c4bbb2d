using MonitorAspire.Supervisor.Dashboard.Resources;
using MonitorAspire.Supervisor.Dashboard.Server;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Dashboard;

/// <summary>Shows the fleet in the Aspire dashboard, with commands.</summary>
internal static class DashboardResourceService
{
    /// <summary>Adds the service if <see cref="ResourceServiceSettings.UrlVariable"/> is set.</summary>
    /// <exception cref="ConfigurationException">URL or key cannot be used.</exception>
    internal static void AddDashboardResourceService(this IServiceCollection services, IConfiguration configuration)
    {
        if (ResourceServiceSettings.Read(configuration) is { } settings)
        {
            services.AddSingleton(settings).AddSingleton<SupervisorResource>().AddSingleton<ResourceCatalog>().AddSingleton<ResourceFeed>();
            services.AddSingleton<CommandRunner>().AddHostedService<ResourceServer>();
        }
    }
}
