using Microsoft.AspNetCore.Http.HttpResults;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Fleet.History;
using MonitorAspire.Supervisor.Security;
using MonitorAspire.Supervisor.Web;

namespace MonitorAspire.Supervisor.Rest;

/// <summary>The state of the daemons, and actions on them.</summary>
internal static partial class DaemonEndpoints
{
    internal static void MapDaemons(this IEndpointRouteBuilder routes)
    {
        var daemons = routes.MapGroup("/api/daemons").WithTags("Daemons").WithFleetErrors();

        daemons.MapGet("/", IReadOnlyList<DaemonSnapshot> (HttpContext context, IFleet fleet) => [.. fleet.Daemons.Select(context.View)])
            .WithName("ListDaemons")
            .WithSummary("All daemons, in the order of the configuration.")
            .WithDescription(View);

        daemons.MapGet("/{name}", Results<Ok<DaemonSnapshot>, ProblemHttpResult> (string name, HttpContext context, IFleet fleet) =>
                fleet.Find(name) is { } daemon ? TypedResults.Ok(context.View(daemon)) : Problems.UnknownDaemon(name))
            .WithName("GetDaemon")
            .WithSummary("The current state of one daemon.")
            .WithDescription(View)
            .ProducesProblem(StatusCodes.Status404NotFound);

        daemons.MapPost("/{name}/start", (string name, ActionRequest? request, IFleet fleet, ILoggerFactory loggers, CancellationToken cancellationToken) =>
                Act("start", name, request, loggers, () => fleet.StartAsync(name, cancellationToken)))
            .Describe("StartDaemon", "Starts a daemon now. Returns the startup report.", Verdict);

        daemons.MapPost("/{name}/restart", (string name, ActionRequest? request, IFleet fleet, ILoggerFactory loggers, CancellationToken cancellationToken) =>
                Act("restart", name, request, loggers, () => fleet.RestartAsync(name, cancellationToken)))
            .Describe("RestartDaemon", "Stops and starts a daemon. Returns the startup report.", Verdict);

        daemons.MapPost("/{name}/stop", (string name, ActionRequest? request, IFleet fleet, ILoggerFactory loggers, CancellationToken cancellationToken) =>
                Act("stop", name, request, loggers, () => fleet.StopAsync(name, cancellationToken)))
            .Describe("StopDaemon", "Stops a daemon until somebody starts it. Returns the stop report.", Verdict);

        daemons.MapPost("/{name}/reset", (string name, ActionRequest? request, IFleet fleet, ILoggerFactory loggers, CancellationToken cancellationToken) =>
                Act("reset the crash loop of", name, request, loggers, () => fleet.ResetCrashLoopAsync(name, cancellationToken)))
            .Describe(
                "ResetCrashLoop",
                "Forgets the failures of a daemon and, in back-off or in a crash loop, starts it at once. Returns the daemon.",
                "Does not wait for the start. 409 if the daemon is stopped, has failed for good or cannot have its port, because it is in no crash loop then.");
    }

    internal static void MapSummary(this IEndpointRouteBuilder routes) => routes
        .MapGet("/api/fleet/summary", FleetSummary (IFleet fleet, FleetHistory history) => history.Summarize(fleet.Daemons))
        .WithName("GetFleetSummary")
        .WithTags("Fleet")
        .WithSummary("Statistics of the fleet and of each daemon: running daemons, success rate of starts, durations of verified starts and their stages. Starts by earlier supervisors are included.");

    private const string View = "Without the token text that may quote the output of a daemon is left out: `logTail`, `detail` of the checks, and `detail` of failures unless it is about ports, files and permissions only.";

    private const string Verdict =
        "200 means that the action was carried out; `verdict` tells the result. A failed start is also 200 (`verdict` is `failed`, with stage, reason, detail and log tail).";

    private static void Describe(this RouteHandlerBuilder endpoint, string name, string summary, string description) => endpoint
        .WithName(name)
        .WithSummary(summary)
        .WithDescription(description)
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status401Unauthorized)
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge);

    private static async Task<Ok<TReport>> Act<TReport>(string action, string name, ActionRequest? request, ILoggerFactory loggers, Func<Task<TReport>> act)
    {
        LogAsked(loggers.CreateLogger(typeof(DaemonEndpoints).FullName!), action, name, OneLine(request?.Reason));
        return TypedResults.Ok(await act());
    }

    // The reason comes from outside and must not add lines to the log.
    private static string OneLine(string? reason) => string.IsNullOrWhiteSpace(reason)
        ? "none given"
        : string.Concat(reason.Take(200).Select(c => char.IsControl(c) ? ' ' : c));

    [LoggerMessage(20, LogLevel.Information, "The REST API was asked to {Action} {Daemon} (reason: {Reason})")]
    private static partial void LogAsked(ILogger logger, string action, string daemon, string reason);
}
