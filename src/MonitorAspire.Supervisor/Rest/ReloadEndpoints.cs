using Microsoft.AspNetCore.Http.HttpResults;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Fleet;
using MonitorAspire.Supervisor.Security;

namespace MonitorAspire.Supervisor.Rest;

/// <summary>Reads the configuration again, and says what the last reading did.</summary>
internal static class ReloadEndpoints
{
    internal static void MapReload(this IEndpointRouteBuilder routes)
    {
        var reload = routes.MapGroup("/api/reload").WithTags("Fleet");

        reload.MapPost("/", async Task<Results<Ok<FleetReloadReport>, ProblemHttpResult>> (FleetReload reloads, CancellationToken cancellationToken) =>
                await reloads.ReloadAsync(cancellationToken) is var report && report.Problem is { } problem
                    ? TypedResults.Problem($"The configuration is wrong, nothing was changed: {problem}", statusCode: StatusCodes.Status409Conflict)
                    : TypedResults.Ok(report))
            .WithName("Reload")
            .WithSummary("Reads the configuration now. Returns what was changed.")
            .WithDescription("Only the daemons that differ are touched. `number` is 0 where nothing differs. 409 if the configuration is wrong: then nothing is changed. A changed file is read without it.")
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status409Conflict);

        reload.MapGet("/", FleetReloadReport (FleetReload reloads) => reloads.Last)
            .WithName("GetReload")
            .WithSummary("What the last reading of a changed configuration did, or what is wrong with it.")
            .WithDescription("`number` counts the readings that changed or refused something; 0 before the first. Needs the token, because it may quote the configuration.")
            .WithMetadata(NeedsToken.Instance)
            .ProducesProblem(StatusCodes.Status401Unauthorized);
    }
}
