using System.CommandLine;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli.Doctor;

/// <summary><c>monitor doctor</c>: examines the whole state directory, or one port of it.</summary>
internal sealed class DoctorCommand(CliContext context)
{
    private readonly Option<string?> _stateDirectory = CliOptions.StateDirectory();
    private readonly Option<int?> _port = CliOptions.OptionalPort("Examine this port alone, and the state directory itself. [default: every port that has files]");
    private readonly Option<bool> _fix = new("--fix") { Description = "Fix what is provably safe to fix; no process is signalled." };
    private readonly Option<bool> _json = CliOptions.Json();

    internal static Command Create(CliContext context)
    {
        var doctor = new DoctorCommand(context);
        var command = new Command("doctor", "Examine every PID file, lock, record, port, log and permission of the state directory.")
        {
            doctor._port, doctor._stateDirectory, doctor._fix, doctor._json,
        };
        command.SetAction(doctor.RunAsync);
        return command.WithHelp("""
            Examples:
              monitor doctor
              monitor doctor --port 8768
              monitor doctor --fix
              monitor doctor --json | jq '.findings[].id'

            Exit codes: 0 nothing is wrong, or all of it is fixed; 1 problems remain; 2 usage.
            """);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var options = new EngineOptions { StateDirectory = DaemonOptions.ResolveUnchecked(parsed.GetValue(_stateDirectory)) };
        var doctor = new Supervision.Diagnosis.Doctor(options, context.Time);
        var fix = parsed.GetValue(_fix);
        var report = await (parsed.GetValue(_port) is { } port
            ? doctor.ExaminePortAsync(port, fix, cancellationToken)
            : doctor.ExamineAsync(fix, cancellationToken)).ConfigureAwait(false);
        if (parsed.GetValue(_json))
        {
            context.Console.WriteJson(report, SupervisionJson.Default.DiagnosisReport);
        }
        else
        {
            foreach (var line in DiagnosisText.Render(report, context.Console.OutputTraits.Colour))
            {
                context.Console.Out.WriteLine(line);
            }
        }

        return report.IsHealthy ? ExitCodes.Success : ExitCodes.Failure;
    }
}
