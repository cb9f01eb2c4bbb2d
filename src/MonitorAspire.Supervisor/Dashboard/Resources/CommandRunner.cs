using System.Globalization;
using MonitorAspire.Supervision.Diagnosis;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Telemetry;
using MonitorAspire.Supervisor.Dashboard.Protocol;

namespace MonitorAspire.Supervisor.Dashboard.Resources;

internal sealed partial class CommandRunner(IFleet fleet, ResourceCatalog catalog, Doctor doctor, ILogger<CommandRunner> logger)
{
    /// <summary>Runs a command and waits for its result. Errors are answers and not exceptions, because the dashboard does not show the latter.</summary>
    internal async Task<ResourceCommandResponse> RunAsync(ResourceCommandRequest request, CancellationToken cancellationToken)
    {
        if (catalog.FindDaemon(request.ResourceName) is not { } daemon)
        {
            return Failed($"'{request.ResourceName}' is not a daemon of this fleet.");
        }

        LogAsked(request.CommandName, daemon.Name);
        try
        {
            return request.CommandName switch
            {
                DaemonCommands.Start => Answer(await fleet.StartAsync(daemon.Name, cancellationToken)),
                DaemonCommands.Restart => Answer(await fleet.RestartAsync(daemon.Name, cancellationToken)),
                DaemonCommands.Stop => Answer(await fleet.StopAsync(daemon.Name, cancellationToken)),
                DaemonCommands.Diagnose => Answer(await doctor.DiagnoseAsync(daemon, cancellationToken)),
                DaemonCommands.ResetCrashLoop => AnswerReset(await fleet.ResetCrashLoopAsync(daemon.Name, cancellationToken)),
                _ => Failed($"'{request.CommandName}' is not a command of a daemon."),
            };
        }
        catch (OperationCanceledException)
        {
            return new ResourceCommandResponse { Kind = ResourceCommandResponseKind.Cancelled };
        }
        catch (Exception e) when (e is FleetConflictException or KeyNotFoundException or IOException or UnauthorizedAccessException)
        {
            return Failed(e.Message);
        }
    }

    private static ResourceCommandResponse Answer(StartupReport report)
    {
        if (report.Serves)
        {
            var what = report.Verdict == StartupVerdict.AlreadyRunning ? "was running already" : string.Create(CultureInfo.InvariantCulture, $"was verified after {report.TotalMs:F0} ms");
            return Succeeded(string.Create(CultureInfo.InvariantCulture, $"{report.Name} {what}: PID {report.Pid} on port {report.Port}."));
        }

        var stage = report.Stage is { } s ? $" in stage {WireNames.Of(s).Replace('_', ' ')}" : "";
        var failed = Failed($"{(report.Reason is { } reason ? WireNames.Of(reason) : "failed")}{stage}. {report.Detail}".TrimEnd());
        if (report.LogTail.Count > 0)
        {
            failed.Result = new ResourceCommandResult { Value = string.Join('\n', report.LogTail), Format = CommandResultFormat.Text };
        }

        return failed;
    }

    private static ResourceCommandResponse Answer(StopReport report) => report.Verdict switch
    {
        StopVerdict.Stopped => Succeeded(report.Detail ?? string.Create(
            CultureInfo.InvariantCulture, $"{report.Name} was stopped after {report.TotalMs:F0} ms{(report.Killed ? ", with SIGKILL" : "")}.")),
        StopVerdict.NotRunning => Succeeded(report.Detail ?? $"{report.Name} was not running."),
        _ => Failed(report.Detail ?? $"{report.Name} could not be stopped."),
    };

    private static ResourceCommandResponse Answer(DaemonDiagnosis diagnosis)
    {
        var answer = Succeeded(diagnosis.NextStep);
        answer.Result = new ResourceCommandResult
        {
            Value = DaemonDiagnosisMarkdown.Render(diagnosis),
            Format = CommandResultFormat.Markdown,
            DisplayImmediately = true,
        };
        return answer;
    }

    private static ResourceCommandResponse AnswerReset(DaemonSnapshot daemon)
        => Succeeded(daemon.State == DaemonState.Starting ? $"The failures of {daemon.Name} are forgotten; it is being started." : $"The failures of {daemon.Name} are forgotten.");

    private static ResourceCommandResponse Succeeded(string message) => new() { Kind = ResourceCommandResponseKind.Succeeded, Message = message };

    private static ResourceCommandResponse Failed(string message) => new() { Kind = ResourceCommandResponseKind.Failed, Message = message };

    [LoggerMessage(35, LogLevel.Information, "The dashboard asked to {Command} {Daemon}")]
    private partial void LogAsked(string command, string daemon);
}
