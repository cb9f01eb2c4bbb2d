using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Checks whether the stored definition of a port, which <c>start</c> and <c>restart</c> use, could be started now.</summary>
internal static class DefinitionCheck
{
    internal static IEnumerable<FixableFinding> Examine(ExaminedPort port)
    {
        var path = port.Files.DefinitionFile;
        try
        {
            if (DefinitionFile.Read(port.Files) is { } definition)
            {
                new LaunchCheck(port.Parts).RequireCommand(DefinitionMapper.ToSpec(definition), port.Files);
            }

            return [];
        }
        catch (StartupFailedException e)
        {
            // A daemon that runs serves until it is restarted.
            var isRunning = port.Located.Kind == LocatedKind.Instance;
            return [port.Finding(
                "definition-cannot-start", isRunning ? FindingSeverity.Warning : FindingSeverity.Error, path,
                $"{(isRunning ? "a restart of the daemon" : "a start of the stored definition")} would fail: {e.Message}",
                $"put that right, or start another command: monitor start --port {port.Number} -- COMMAND; monitor forget --port {port.Number} removes the definition")];
        }
        catch (DefinitionFileException e)
        {
            return [port.Finding("definition-unreadable", FindingSeverity.Error, path, e.Problem, $"correct it, or remove it with monitor forget --port {port.Number}")];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The check of the modes says which file other users can change.
            return [];
        }
    }
}
