using System.Globalization;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Diagnosis;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Telemetry;
using MonitorAspire.Supervisor.Dashboard.Protocol;
using MonitorAspire.Supervisor.Dashboard.Resources;

namespace MonitorAspire.Supervisor.Dashboard.Commands;

/// <summary>Carries out what a person asked for in the dashboard, and tells how it went.</summary>
internal sealed partial class CommandRunner(IFleet fleet, ResourceCatalog catalog, Doctor doctor, ILogger<CommandRunner> logger)
{
    /// <summary>Waits for the verdict. What cannot be done is an answer, not an exception: the dashboard shows the one and hides the other.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Stops waiting; what was begun goes on.</param>
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
                DaemonCommands.Start => Tell(await fleet.StartAsync(daemon.Name, cancellationToken)),
                DaemonCommands.Restart => Tell(await fleet.RestartAsync(daemon.Name, cancellationToken)),
                DaemonCommands.Stop => Tell(await fleet.StopAsync(daemon.Name, cancellationToken)),
                DaemonCommands.Diagnose => Tell(await doctor.DiagnoseAsync(daemon, cancellationToken)),
                DaemonCommands.ResetCrashLoop => TellReset(await fleet.ResetCrashLoopAsync(daemon.Name, cancellationToken)),
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

    private static ResourceCommandResponse Tell(StartupReport report)
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

    private static ResourceCommandResponse Tell(StopReport report) => report.Verdict switch
    {
        StopVerdict.Stopped => Succeeded(report.Detail ?? string.Create(
            CultureInfo.InvariantCulture, $"{report.Name} was stopped after {report.TotalMs:F0} ms{(report.Killed ? ", with SIGKILL" : "")}.")),
        StopVerdict.NotRunning => Succeeded(report.Detail ?? $"{report.Name} was not running."),
        _ => Failed(report.Detail ?? $"{report.Name} could not be stopped."),
    };

    private static ResourceCommandResponse Tell(DaemonDiagnosis diagnosis)
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

    private static ResourceCommandResponse TellReset(DaemonSnapshot daemon)
        => Succeeded(daemon.State == DaemonState.Starting ? $"The failures of {daemon.Name} are forgotten; it is being started." : $"The failures of {daemon.Name} are forgotten.");

    private static ResourceCommandResponse Succeeded(string message) => new() { Kind = ResourceCommandResponseKind.Succeeded, Message = message };

    private static ResourceCommandResponse Failed(string message) => new() { Kind = ResourceCommandResponseKind.Failed, Message = message };

    [LoggerMessage(35, LogLevel.Information, "Asked in the dashboard to {Command} {Daemon}")]
    private partial void LogAsked(string command, string daemon);
}
