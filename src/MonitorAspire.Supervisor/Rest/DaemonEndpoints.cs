using Microsoft.AspNetCore.Http.HttpResults;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Supervisor.Rest;

/// <summary>The daemons, and what can be done with them.</summary>
internal static partial class DaemonEndpoints
{
    internal static void MapDaemons(this IEndpointRouteBuilder routes)
    {
        var daemons = routes.MapGroup("/api/daemons").WithTags("Daemons");

        daemons.MapGet("/", IReadOnlyList<DaemonSnapshot> (IFleet fleet) => fleet.Daemons)
            .WithName("ListDaemons")
            .WithSummary("All daemons, in the order of the configuration.");

        daemons.MapGet("/{name}", Results<Ok<DaemonSnapshot>, ProblemHttpResult> (string name, IFleet fleet) =>
                fleet.Find(name) is { } daemon ? TypedResults.Ok(daemon) : Problems.UnknownDaemon(name))
            .WithName("GetDaemon")
            .WithSummary("One daemon as it is now.")
            .ProducesProblem(StatusCodes.Status404NotFound);

        daemons.MapPost("/{name}/start", (string name, ActionRequest? request, IFleet fleet, ILoggerFactory loggers, CancellationToken cancellationToken) =>
                Act("start", name, request, loggers, () => fleet.StartAsync(name, cancellationToken)))
            .Describe("StartDaemon", "Starts a daemon now and answers with the startup report.", Verdict);

        daemons.MapPost("/{name}/restart", (string name, ActionRequest? request, IFleet fleet, ILoggerFactory loggers, CancellationToken cancellationToken) =>
                Act("restart", name, request, loggers, () => fleet.RestartAsync(name, cancellationToken)))
            .Describe("RestartDaemon", "Stops and starts a daemon and answers with the report of the start.", Verdict);

        daemons.MapPost("/{name}/stop", (string name, ActionRequest? request, IFleet fleet, ILoggerFactory loggers, CancellationToken cancellationToken) =>
                Act("stop", name, request, loggers, () => fleet.StopAsync(name, cancellationToken)))
            .Describe("StopDaemon", "Stops a daemon, which then stays stopped, and answers with the stop report.", Verdict);

        daemons.MapPost("/{name}/reset", (string name, ActionRequest? request, IFleet fleet, ILoggerFactory loggers, CancellationToken cancellationToken) =>
                Act("reset the crash loop of", name, request, loggers, () => fleet.ResetCrashLoopAsync(name, cancellationToken)))
            .Describe(
                "ResetCrashLoop",
                "Forgets a daemon's failures, tries at once where it is in back-off or in a crash loop, and answers with the daemon.",
                "The start that follows is not waited for. A daemon that is stopped, failed for good or shut out by the owner of its port is in no crash loop: 409.");
    }

    private const string Verdict =
        "200 says that it was carried out and how it went: look at `verdict`. A start that failed is an answer too (`verdict` is `failed`, with stage, reason, detail and log tail), not an error of this interface.";

    private static void Describe(this RouteHandlerBuilder endpoint, string name, string summary, string description) => endpoint
        .WithName(name)
        .WithSummary(summary)
        .WithDescription(description)
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status401Unauthorized)
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge);

    private static async Task<Results<Ok<TReport>, ProblemHttpResult>> Act<TReport>(
        string action, string name, ActionRequest? request, ILoggerFactory loggers, Func<Task<TReport>> act)
    {
        var log = loggers.CreateLogger(typeof(DaemonEndpoints).FullName!);
        LogAsked(log, action, name, OneLine(request?.Reason));
        try
        {
            return TypedResults.Ok(await act());
        }
        catch (KeyNotFoundException)
        {
            return Problems.UnknownDaemon(name);
        }
        catch (FleetConflictException e)
        {
            return TypedResults.Problem(e.Message, statusCode: StatusCodes.Status409Conflict);
        }
    }

    // It comes from outside: it must not be able to write lines of its own into the log.
    private static string OneLine(string? reason) => string.IsNullOrWhiteSpace(reason)
        ? "none given"
        : string.Concat(reason.Take(200).Select(c => char.IsControl(c) ? ' ' : c));

    [LoggerMessage(20, LogLevel.Information, "Asked over the interface to {Action} {Daemon} (reason: {Reason})")]
    private static partial void LogAsked(ILogger logger, string action, string daemon, string reason);
}
