using Microsoft.AspNetCore.Http.HttpResults;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Fleet;
using MonitorAspire.Supervisor.Web;

namespace MonitorAspire.Supervisor.Rest;

internal static class FleetErrors
{
    internal static RouteGroupBuilder WithFleetErrors(this RouteGroupBuilder group)
    {
        group.AddEndpointFilter(static async (context, next) =>
        {
            try
            {
                return await next(context);
            }
            catch (Exception e) when (Explain(e, context.HttpContext.Request.RouteValues["name"] as string ?? "") is { } problem)
            {
                return problem;
            }
        });
        return group;
    }

    private static ProblemHttpResult? Explain(Exception exception, string name) => exception switch
    {
        DefinitionException bad => Problems.Invalid(bad.Message, bad.Errors),
        FleetConflictException => TypedResults.Problem(exception.Message, statusCode: StatusCodes.Status409Conflict),
        KeyNotFoundException => Problems.UnknownDaemon(name),
        BadHttpRequestException => null,
        IOException or UnauthorizedAccessException => TypedResults.Problem(
            $"The change could not be kept in the state directory: {exception.Message}", statusCode: StatusCodes.Status500InternalServerError),
        _ => null,
    };
}
