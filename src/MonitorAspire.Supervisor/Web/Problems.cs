using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace MonitorAspire.Supervisor.Web;

/// <summary>Errors as problem details (RFC 9457).</summary>
internal static class Problems
{
    internal const string ContentType = "application/problem+json";

    /// <summary>404: the fleet has no daemon with this name.</summary>
    internal static ProblemHttpResult UnknownDaemon(string name)
        => TypedResults.Problem($"The fleet has no daemon '{name}'; GET /api/daemons lists them.", statusCode: StatusCodes.Status404NotFound);

    /// <summary>400: values of the body are wrong.</summary>
    internal static ProblemHttpResult Invalid(string detail, IEnumerable<KeyValuePair<string, string[]>> errors) => TypedResults.Problem(
        new HttpValidationProblemDetails(errors) { Detail = detail, Status = StatusCodes.Status400BadRequest });

    /// <summary>Writes a problem from a middleware, where there is no endpoint that could return it.</summary>
    internal static Task Write(HttpContext context, int status, string detail)
    {
        context.Response.StatusCode = status;
        var problem = new ProblemDetails
        {
            Type = $"https://httpwg.org/specs/rfc9110.html#status.{status}",
            Title = ReasonPhrases.GetReasonPhrase(status),
            Status = status,
            Detail = detail,
            Instance = context.Request.Path,
        };
        return context.Response.WriteAsJsonAsync(problem, ProblemJson.Default.ProblemDetails, ContentType, context.RequestAborted);
    }

    /// <summary>Status and text for an exception that no endpoint handled.</summary>
    internal static (int Status, string Detail) Explain(Exception? exception) => exception switch
    {
        BadHttpRequestException { InnerException: JsonException json } bad => (bad.StatusCode, $"The body is not the expected JSON: {json.Message}"),
        BadHttpRequestException bad => (bad.StatusCode, bad.Message),
        _ => (StatusCodes.Status500InternalServerError, "The supervisor failed to answer this request; its log says why."),
    };
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ProblemDetails))]
[JsonSerializable(typeof(HttpValidationProblemDetails))]
internal sealed partial class ProblemJson : JsonSerializerContext;
