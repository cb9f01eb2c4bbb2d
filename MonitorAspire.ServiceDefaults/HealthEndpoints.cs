using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MonitorAspire.ServiceDefaults;

/// <summary>The endpoints <c>/health</c> (ready for work) and <c>/alive</c> (the process answers).</summary>
internal static class HealthEndpoints
{
    /// <summary>Tag of the checks that <c>/alive</c> runs.</summary>
    internal const string LiveTag = "live";

    private const string HealthPath = "/health";
    private const string AlivePath = "/alive";

    /// <summary>Whether the path is one of the two. Such a request arrives every second, so it is neither traced nor counted.</summary>
    internal static bool IsProbe(PathString path) => path.StartsWithSegments(HealthPath) || path.StartsWithSegments(AlivePath);

    internal static void Map(WebApplication app, Func<HttpContext, HealthReport, Task>? writer)
    {
        Add(HealthPath, predicate: null);
        Add(AlivePath, static check => check.Tags.Contains(LiveTag));

        void Add(string path, Func<HealthCheckRegistration, bool>? predicate)
        {
            var options = new HealthCheckOptions { Predicate = predicate };
            options.ResponseWriter = writer ?? options.ResponseWriter;
            app.MapHealthChecks(path, options).DisableHttpMetrics();
        }
    }
}
