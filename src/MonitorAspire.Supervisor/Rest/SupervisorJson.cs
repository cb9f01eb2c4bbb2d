using System.Text.Json;
using System.Text.Json.Serialization;
using MonitorAspire.ServiceDefaults;
using MonitorAspire.Supervisor.Fleet.History;

namespace MonitorAspire.Supervisor.Rest;

/// <summary>JSON of the supervisor's own types. <see cref="Supervision.SupervisionJson"/> has those of the engine.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ActionRequest))]
[JsonSerializable(typeof(FleetSummary))]
[JsonSerializable(typeof(HealthAnswer))]
internal sealed partial class SupervisorJson : JsonSerializerContext;

/// <summary>The optional body of an action.</summary>
/// <param name="Reason">Why, for the log. Default none.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ActionRequest(string? Reason);
