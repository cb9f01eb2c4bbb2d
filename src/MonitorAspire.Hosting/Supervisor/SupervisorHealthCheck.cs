using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MonitorAspire.Hosting.Supervisor;

/// <summary>The health of the supervisor itself, which only its own answer shows.</summary>
internal sealed class SupervisorHealthCheck(SupervisorClient client, TimeProvider time) : IHealthCheck
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await client.CheckAsync(either.Token).ConfigureAwait(false);
            return HealthCheckResult.Healthy();
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy($"the supervisor does not answer within {Limit.TotalSeconds} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return HealthCheckResult.Unhealthy(e.Message);
        }
    }
}
