using Microsoft.AspNetCore.Http.HttpResults;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Fleet;
using MonitorAspire.Supervisor.Security;
using MonitorAspire.Supervisor.Web;

namespace MonitorAspire.Supervisor.Rest;

/// <summary>Adds, changes and removes daemons. The other daemons run on.</summary>
internal static class DefinitionEndpoints
{
    internal static void MapDefinitions(this IEndpointRouteBuilder routes)
    {
        var daemons = routes.MapGroup("/api/daemons").WithTags("Definitions").WithFleetErrors();

        daemons.MapGet("/{name}/definition", Results<Ok<SourcedDefinition>, ProblemHttpResult> (string name, FleetDefinition fleet) =>
                fleet.Find(name) is { } found ? TypedResults.Ok(WithoutSecrets(found)) : Problems.UnknownDaemon(name))
            .WithName("GetDefinition")
            .WithSummary("The definition of a daemon, and whether it comes from the configuration or from the REST API.")
            .WithDescription($"PUT takes `definition`. Needs the token. The value of a variable that SecretEnvironment names, or whose name contains SECRET, TOKEN, PASSWORD, PASSWD, KEY, CREDENTIAL or CONNECTIONSTRING, and of an argument that carries such a value or is called like one, is `{Secrets.Mask}`.")
            .WithMetadata(NeedsToken.Instance)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status404NotFound);

        daemons.MapPut("/{name}", PutAsync)
            .Accepts<DaemonDefinition>("application/json")
            .Describe(
                "PutDaemon",
                "Adds or changes a daemon.",
                "The body is one daemon as in the list `Monitors:Daemons` of the configuration; missing values have their defaults. "
                + "201 if the daemon is new, 200 if it was changed. Does not wait for the start. A changed daemon is restarted only if its "
                + "process needs that; a daemon that a person has stopped stays stopped. The change is kept in `supervisor-PORT.daemons.json` in the "
                + "state directory. It overrides the configuration, also after a reload or a restart of the supervisor, until it is reverted. "
                + $"`{Secrets.Mask}` as the value of a secret variable or argument keeps the stored value.")
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType);

        daemons.MapDelete("/{name}", DeleteAsync)
            .Describe(
                "DeleteDaemon",
                "Stops a daemon and removes it from the fleet.",
                "Returns the stop report. A daemon of the configuration stays removed, also after a reload or a restart of the supervisor, until it is PUT or reverted.")
            .ProducesProblem(StatusCodes.Status404NotFound);

        daemons.MapPost("/{name}/revert", RevertAsync)
            .Describe(
                "RevertDaemon",
                "Discards the changes that the REST API made to a daemon, so that the configuration applies again.",
                "Does nothing if there are none. 409 if the configuration does not have the daemon; DELETE removes it.")
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
        var definition = await DefinitionReader.ReadAsync(request, cancellationToken);
        RestoreSecrets(definition, fleet.Find(name)?.Definition);
        var isNew = await fleet.PutAsync(name, definition, cancellationToken);
        return daemons.Find(name) is not { } daemon ? Problems.UnknownDaemon(name)
            : isNew ? TypedResults.Created($"/api/daemons/{daemon.Name}", daemon)
            : TypedResults.Ok(daemon);
    }

    private static async Task<Results<Ok<StopReport>, NoContent>> DeleteAsync(string name, FleetDefinition fleet, CancellationToken cancellationToken)
        => await fleet.DeleteAsync(name, cancellationToken) is { } report ? TypedResults.Ok(report) : TypedResults.NoContent();

    private static async Task<Results<Ok<DaemonSnapshot>, ProblemHttpResult>> RevertAsync(
        string name, FleetDefinition fleet, IFleet daemons, CancellationToken cancellationToken)
    {
        await fleet.RevertAsync(name, cancellationToken);
        return daemons.Find(name) is { } daemon ? TypedResults.Ok(daemon) : Problems.UnknownDaemon(name);
    }

    private static SourcedDefinition WithoutSecrets(SourcedDefinition found)
    {
        var secrets = Secrets.Of(found.Definition);
        return found with
        {
            Definition = found.Definition with
            {
                Environment = secrets.HideIn(found.Definition.Environment),
                Arguments = [.. secrets.HideInArguments([.. found.Definition.Arguments])],
            },
        };
    }

    private static void RestoreSecrets(DaemonDefinition definition, DaemonDefinition? stored)
    {
        var missing = Secrets.Restore(definition, stored);
        if (missing.Count > 0)
        {
            throw new DefinitionException(missing.ToDictionary(
                static key => key, static _ => (string[])[$"'{Secrets.Mask}' stands for the stored value, and there is none"]));
        }
    }
}
