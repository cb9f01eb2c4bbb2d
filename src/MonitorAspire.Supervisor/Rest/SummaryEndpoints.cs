using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Fleet.History;

namespace MonitorAspire.Supervisor.Rest;

/// <summary>The fleet in numbers.</summary>
internal static class SummaryEndpoints
{
    internal static void MapSummary(this IEndpointRouteBuilder routes) => routes
        .MapGet("/api/fleet/summary", FleetSummary (IFleet fleet, FleetHistory history) => history.Summarize(fleet.Daemons))
        .WithName("GetFleetSummary")
        .WithTags("Fleet")
        .WithSummary("How many daemons serve, the success rate of starts, and how long verified starts and their stages took: of the fleet and of each daemon, earlier supervisors' starts included.");
}
