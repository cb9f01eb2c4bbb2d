using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MonitorAspire.ServiceDefaults;

/// <summary>Writes the body of a health answer.</summary>
/// <param name="context">The request; the status code is set already.</param>
/// <param name="report">The checks that were made.</param>
public delegate Task HealthBodyWriter(HttpContext context, HealthReport report);

/// <summary>The two health endpoints.</summary>
public static class HealthEndpoints
{
    /// <summary>All checks pass: the service is ready for work.</summary>
    public const string HealthPath = "/health";

    /// <summary>The checks tagged <see cref="LiveTag"/> pass: the process answers.</summary>
    public const string AlivePath = "/alive";

    /// <summary>The tag of the checks that speak of the process alone.</summary>
    public const string LiveTag = "live";

    /// <summary>Whether a request is a probe: those are neither traced nor counted, as there is one every second.</summary>
    /// <param name="path">The request's path.</param>
    public static bool IsProbe(PathString path) => path.StartsWithSegments(HealthPath) || path.StartsWithSegments(AlivePath);

    internal static void Map(WebApplication app, HealthBodyWriter? writer)
    {
        Map(app, HealthPath, writer, predicate: null);
        Map(app, AlivePath, writer, static check => check.Tags.Contains(LiveTag));
    }

    private static void Map(WebApplication app, string path, HealthBodyWriter? writer, Func<HealthCheckRegistration, bool>? predicate)
    {
        var options = new HealthCheckOptions { Predicate = predicate };
        if (writer is not null)
        {
            options.ResponseWriter = (context, report) => writer(context, report);
        }

        app.MapHealthChecks(path, options).DisableHttpMetrics();
    }
}
