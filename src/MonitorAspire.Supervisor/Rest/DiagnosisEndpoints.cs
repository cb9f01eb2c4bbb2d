using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.OpenApi;
using MonitorAspire.Supervision.Diagnosis;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Security;
using MonitorAspire.Supervisor.Web;

namespace MonitorAspire.Supervisor.Rest;

internal static class DiagnosisEndpoints
{
    private const string Json = "application/json";
    private const string Markdown = "text/markdown";

    internal static void MapDiagnosis(this IEndpointRouteBuilder routes) => routes
        .MapGet("/api/daemons/{name}/diagnosis", DiagnoseAsync)
        .WithName("DiagnoseDaemon")
        .WithTags("Daemons")
        .WithSummary("Explains the state of a daemon and says what to do next: state, proof of identity, checks, port owner, last failure with its output, files, findings.")
        .WithDescription("Markdown, or JSON with `Accept: application/json`. Looks at the current state and changes nothing. Needs the token, because it quotes the output of the daemon.")
        .WithMetadata(NeedsToken.Instance)
        .ProducesProblem(StatusCodes.Status401Unauthorized)
        .ProducesProblem(StatusCodes.Status404NotFound)
        .AddOpenApiOperationTransformer(static (operation, _, _) =>
        {
            // The framework describes only one type for each status.
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

    // JSON only where it is named with a higher quality than Markdown. */* gets Markdown.
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
