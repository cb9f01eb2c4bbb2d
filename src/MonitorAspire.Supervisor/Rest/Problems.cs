using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using MonitorAspire.Supervisor.Fleet;

namespace MonitorAspire.Supervisor.Rest;

/// <summary>Errors as RFC 9457 has them.</summary>
internal static class Problems
{
    /// <summary>The content type.</summary>
    internal const string ContentType = "application/problem+json";

    /// <summary>There is no such daemon.</summary>
    internal static ProblemHttpResult UnknownDaemon(string name)
        => TypedResults.Problem($"The fleet has no daemon '{name}'; GET /api/daemons lists them.", statusCode: StatusCodes.Status404NotFound);

    /// <summary>A daemon that was given cannot be; every key that is wrong is named.</summary>
    internal static ProblemHttpResult Invalid(DefinitionException bad) => TypedResults.Problem(new HttpValidationProblemDetails(bad.Errors)
    {
        Detail = bad.Message,
        Status = StatusCodes.Status400BadRequest,
    });

    /// <summary>Writes a problem where no endpoint is reached.</summary>
    internal static Task Write(HttpContext context, int status, string detail)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(Describe(context, status, detail), SupervisorJson.Default.ProblemDetails, ContentType, context.RequestAborted);
    }

    /// <summary>What an exception of the framework or of ours is to the client.</summary>
    internal static (int Status, string Detail) Explain(Exception? exception) => exception switch
    {
        BadHttpRequestException { InnerException: JsonException json } bad => (bad.StatusCode, $"The body is not the JSON that is expected: {json.Message}"),
        BadHttpRequestException bad => (bad.StatusCode, bad.Message),
        _ => (StatusCodes.Status500InternalServerError, "The supervisor failed to answer this; its log says why."),
    };

    private static ProblemDetails Describe(HttpContext context, int status, string detail) => new()
    {
        Type = $"https://httpwg.org/specs/rfc9110.html#status.{status}",
        Title = ReasonPhrases.GetReasonPhrase(status),
        Status = status,
        Detail = detail,
        Instance = context.Request.Path,
    };
}
