using System.Text.Json;
using System.Text.Json.Serialization;
using MonitorAspire.Supervision.Diagnosis;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision;

/// <summary>How everything that the engine reports looks as JSON: camel case, source-generated. Command line and REST share it.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(StartupReport))]
[JsonSerializable(typeof(IReadOnlyList<StartupReport>))]
[JsonSerializable(typeof(StopReport))]
[JsonSerializable(typeof(IReadOnlyList<StopReport>))]
[JsonSerializable(typeof(DaemonInspection))]
[JsonSerializable(typeof(IReadOnlyList<DaemonInspection>))]
[JsonSerializable(typeof(DiagnosisReport))]
[JsonSerializable(typeof(DaemonDiagnosis))]
[JsonSerializable(typeof(DaemonSnapshot))]
[JsonSerializable(typeof(IReadOnlyList<DaemonSnapshot>))]
[JsonSerializable(typeof(FleetAlert))]
[JsonSerializable(typeof(FleetReloadReport))]
[JsonSerializable(typeof(IReadOnlyList<FleetReloadReport>))]
[JsonSerializable(typeof(FleetEvent))]
[JsonSerializable(typeof(IReadOnlyList<FleetEvent>))]
internal sealed partial class SupervisionJson : JsonSerializerContext;
