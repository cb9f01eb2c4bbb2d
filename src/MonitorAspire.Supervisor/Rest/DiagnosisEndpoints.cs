using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.OpenApi;
using MonitorAspire.Supervision.Diagnosis;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Supervisor.Rest;

/// <summary>Why a daemon is as it is.</summary>
internal static class DiagnosisEndpoints
{
    private const string Json = "application/json";
    private const string Markdown = "text/markdown";

    internal static void MapDiagnosis(this IEndpointRouteBuilder routes) => routes
        .MapGet("/api/daemons/{name}/diagnosis", DiagnoseAsync)
        .WithName("DiagnoseDaemon")
        .WithTags("Daemons")
        .WithSummary("Why a daemon is as it is, and what to do next: state, proof of identity, checks, port owner, last failure with its output, files, findings.")
        .WithDescription("Markdown for a person; with `Accept: application/json` the same as data. It looks at this moment and changes nothing.")
        .ProducesProblem(StatusCodes.Status404NotFound)
        .AddOpenApiOperationTransformer(static (operation, _, _) =>
        {
            // Of two types for one status the framework describes only one.
            if (operation.Responses?["200"] is OpenApiResponse { Content: { } content })
            {
                content[Markdown] = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
            }

            return Task.CompletedTask;
        });

    private static async Task<Results<Ok<DaemonDiagnosis>, ContentHttpResult, ProblemHttpResult>> DiagnoseAsync(
        string name, HttpContext context, IFleet fleet, Doctor doctor, CancellationToken cancellationToken)
    {
        if (fleet.Find(name) is not { } daemon)
        {
            return Problems.UnknownDaemon(name);
        }

        var diagnosis = await doctor.DiagnoseAsync(daemon, cancellationToken);
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Vary = "Accept";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return WantsJson(context.Request)
            ? TypedResults.Ok(diagnosis)
            : TypedResults.Text(DaemonDiagnosisMarkdown.Render(diagnosis), Markdown, System.Text.Encoding.UTF8);
    }

    // JSON where it is asked for by name and Markdown is not wanted more; whoever takes anything gets what a person reads.
    private static bool WantsJson(HttpRequest request)
    {
        var accepted = request.GetTypedHeaders().Accept;
        double QualityOf(string type) => accepted
            .Where(a => a.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase))
            .Select(a => a.Quality ?? 1)
            .DefaultIfEmpty(0)
            .Max();
        return QualityOf(Json) > QualityOf(Markdown);
    }
}
