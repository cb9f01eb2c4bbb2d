using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Mvc;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Fleet.History;

namespace MonitorAspire.Supervisor.Rest;

/// <summary>How the supervisor's own answers look as JSON; those of the engine are <see cref="Supervision.SupervisionJson"/>'s.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ProblemDetails))]
[JsonSerializable(typeof(HttpValidationProblemDetails))]
[JsonSerializable(typeof(ActionRequest))]
[JsonSerializable(typeof(FleetSummary))]
[JsonSerializable(typeof(SupervisorHealth))]
[JsonSerializable(typeof(FleetEvent))]
[JsonSerializable(typeof(StopReport))]
internal sealed partial class SupervisorJson : JsonSerializerContext;

/// <summary>What may come with an action.</summary>
/// <param name="Reason">Why, for the log. Optional.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ActionRequest(string? Reason);

/// <summary>The answer of <c>/health</c> and <c>/alive</c>.</summary>
/// <param name="Status"><c>running</c>, or what is wrong.</param>
/// <param name="Service">Which program this is.</param>
/// <param name="Version">Its version.</param>
/// <param name="Port">The port that was asked.</param>
/// <param name="Pid">The process that answers.</param>
/// <param name="Uptime">Seconds since its interface listens.</param>
internal sealed record SupervisorHealth(string Status, string Service, string Version, int Port, int Pid, double Uptime);
