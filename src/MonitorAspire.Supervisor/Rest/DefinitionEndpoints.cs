using Microsoft.AspNetCore.Http.HttpResults;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Fleet;
using MonitorAspire.Supervisor.Security;

namespace MonitorAspire.Supervisor.Rest;

/// <summary>What the fleet is made of: daemons are added, changed and taken out while everything else runs on.</summary>
internal static class DefinitionEndpoints
{
    internal static void MapDefinitions(this IEndpointRouteBuilder routes)
    {
        var daemons = routes.MapGroup("/api/daemons").WithTags("Definitions");

        daemons.MapGet("/{name}/definition", Results<Ok<SourcedDefinition>, ProblemHttpResult> (string name, FleetDefinition fleet) =>
                fleet.Find(name) is { } found ? TypedResults.Ok(found) : Problems.UnknownDaemon(name))
            .WithName("GetDefinition")
            .WithSummary("What a daemon is made of, and whether the configuration or the interface has said so.")
            .WithDescription("`definition` is what PUT takes. Needs the token: the environment of a daemon may have secrets in it.")
            .WithMetadata(NeedsToken.Instance)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status404NotFound);

        daemons.MapPut("/{name}", PutAsync)
            .Accepts<DaemonDefinition>("application/json")
            .Describe(
                "PutDaemon",
                "Adds a daemon, or changes one that there is.",
                "The body is one daemon as in the list `Monitors:Daemons` of the configuration; what it leaves out has its default. "
                + "201 says that the daemon is new, 200 that it was there; the answer does not wait for the start. A daemon that is changed is "
                + "restarted where its process needs that, and only then; one that a person had stopped stays stopped. The change is kept in "
                + "`supervisor.daemons.json` in the state directory and stands over the configuration, through its reloads and restarts of the "
                + "supervisor, until it is reverted.")
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType);

        daemons.MapDelete("/{name}", DeleteAsync)
            .Describe(
                "DeleteDaemon",
                "Stops a daemon and takes it out of the fleet.",
                "Answers with the stop report. A daemon of the configuration stays out, through reloads and restarts of the supervisor, until it is PUT or reverted.")
            .ProducesProblem(StatusCodes.Status404NotFound);

        daemons.MapPost("/{name}/revert", RevertAsync)
            .Describe(
                "RevertDaemon",
                "Forgets what was said over the interface about a daemon: it is as the configuration has it again.",
                "Nothing happens where nothing was said. 409 where the configuration does not have the daemon: DELETE takes that one out.")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static RouteHandlerBuilder Describe(this RouteHandlerBuilder endpoint, string name, string summary, string description) => endpoint
        .WithName(name)
        .WithSummary(summary)
        .WithDescription(description)
        .ProducesProblem(StatusCodes.Status401Unauthorized)
        .ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
        .ProducesProblem(StatusCodes.Status500InternalServerError);

    private static async Task<Results<Created<DaemonSnapshot>, Ok<DaemonSnapshot>, ProblemHttpResult>> PutAsync(
        string name, HttpRequest request, FleetDefinition fleet, IFleet daemons, CancellationToken cancellationToken)
    {
        try
        {
            var isNew = await fleet.PutAsync(name, await DefinitionReader.ReadAsync(request, cancellationToken), cancellationToken);
            return daemons.Find(name) is not { } daemon ? Problems.UnknownDaemon(name)
                : isNew ? TypedResults.Created($"/api/daemons/{daemon.Name}", daemon)
                : TypedResults.Ok(daemon);
        }
        catch (Exception e) when (Explain(e, name) is { } problem)
        {
            return problem;
        }
    }

    private static async Task<Results<Ok<StopReport>, NoContent, ProblemHttpResult>> DeleteAsync(
        string name, FleetDefinition fleet, CancellationToken cancellationToken)
    {
        try
        {
            return await fleet.DeleteAsync(name, cancellationToken) is { } report ? TypedResults.Ok(report) : TypedResults.NoContent();
        }
        catch (Exception e) when (Explain(e, name) is { } problem)
        {
            return problem;
        }
    }

    private static async Task<Results<Ok<DaemonSnapshot>, ProblemHttpResult>> RevertAsync(
        string name, FleetDefinition fleet, IFleet daemons, CancellationToken cancellationToken)
    {
        try
        {
            await fleet.RevertAsync(name, cancellationToken);
            return daemons.Find(name) is { } daemon ? TypedResults.Ok(daemon) : Problems.UnknownDaemon(name);
        }
        catch (Exception e) when (Explain(e, name) is { } problem)
        {
            return problem;
        }
    }

    private static ProblemHttpResult? Explain(Exception exception, string name) => exception switch
    {
        DefinitionException bad => Problems.Invalid(bad),
        FleetConflictException => TypedResults.Problem(exception.Message, statusCode: StatusCodes.Status409Conflict),
        KeyNotFoundException => Problems.UnknownDaemon(name),
        BadHttpRequestException => null,
        IOException or UnauthorizedAccessException => TypedResults.Problem(
            $"The change could not be kept in the state directory: {exception.Message}", statusCode: StatusCodes.Status500InternalServerError),
        _ => null,
    };
}
