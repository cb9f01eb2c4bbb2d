using System.Text.Json;
using System.Text.Json.Serialization;
using MonitorAspire.Supervisor.Fleet.History;

namespace MonitorAspire.Supervisor.Rest;

/// <summary>JSON of the supervisor's own types. <see cref="Supervision.SupervisionJson"/> has those of the engine.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ActionRequest))]
[JsonSerializable(typeof(FleetSummary))]
[JsonSerializable(typeof(SupervisorHealth))]
internal sealed partial class SupervisorJson : JsonSerializerContext;

/// <summary>The optional body of an action.</summary>
/// <param name="Reason">Why, for the log. Default none.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ActionRequest(string? Reason);

/// <summary>The answer of <c>/health</c> and <c>/alive</c>.</summary>
/// <param name="Status"><c>running</c>, or what is wrong.</param>
/// <param name="Service">Name of this program.</param>
/// <param name="Version">Its version.</param>
/// <param name="Port">The port of this request.</param>
/// <param name="Pid">PID of the supervisor.</param>
/// <param name="Uptime">Seconds since the supervisor listens.</param>
internal sealed record SupervisorHealth(string Status, string Service, string Version, int Port, int Pid, double Uptime);
