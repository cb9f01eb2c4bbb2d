using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Fleet.History;

namespace MonitorAspire.Supervisor.Rest;

/// <summary>Statistics of the fleet.</summary>
internal static class SummaryEndpoints
{
    internal static void MapSummary(this IEndpointRouteBuilder routes) => routes
        .MapGet("/api/fleet/summary", FleetSummary (IFleet fleet, FleetHistory history) => history.Summarize(fleet.Daemons))
        .WithName("GetFleetSummary")
        .WithTags("Fleet")
        .WithSummary("Statistics of the fleet and of each daemon: running daemons, success rate of starts, durations of verified starts and their stages. Starts by earlier supervisors are included.");
}
