using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using MonitorAspire.Hosting.Resources;

namespace MonitorAspire.Hosting.Dashboard;

/// <summary>Shows as a health report of the supervisor whether it is heard. Aspire asks a healthy resource only every 30 s, so a change is
/// published at once.</summary>
internal sealed class SupervisorDisplay(ResourceNotificationService notifications, DistributedApplicationModel model, TimeProvider time) : IHealthCheck
{
    private HealthCheckResult _result = HealthCheckResult.Unhealthy("it has not connected to the AppHost yet");

    internal static string KeyOf(string supervisor) => $"{supervisor}-connection";

    /// <summary>Shows that the supervisor watches.</summary>
    internal Task ShowHeardAsync() => ShowAsync(HealthCheckResult.Healthy("it watches the daemons"));

    /// <summary>Shows that the supervisor says nothing any more.</summary>
    internal Task ShowLostAsync(string description) => ShowAsync(HealthCheckResult.Unhealthy(description));

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(_result);

    private async Task ShowAsync(HealthCheckResult result)
    {
        if ((result.Status, result.Description) == (_result.Status, _result.Description))
        {
            return;
        }

        _result = result;
        var supervisor = model.Resources.Single(r => r.HasAnnotationOfType<SupervisorAnnotation>());
        var report = new HealthReportSnapshot(KeyOf(supervisor.Name), result.Status, result.Description, null) { LastRunAt = time.GetUtcNow().UtcDateTime };
        await notifications.PublishUpdateAsync(supervisor, snapshot => snapshot.WithHealthReports([.. snapshot.HealthReports.Where(r => r.Name != report.Name), report])).ConfigureAwait(false);
    }
}

internal static class SupervisorDisplaySetup
{
    internal static void AddSupervisorDisplay(this IDistributedApplicationBuilder builder, IResource supervisor)
    {
        var key = SupervisorDisplay.KeyOf(supervisor.Name);
        builder.Services.AddSingleton<SupervisorDisplay>();
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(key, services => services.GetRequiredService<SupervisorDisplay>(), HealthStatus.Unhealthy, tags: null));
        supervisor.Annotations.Add(new HealthCheckAnnotation(key));
    }
}
