using System.Globalization;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Supervision.Fleet;

internal sealed partial class DaemonActor
{
    private static readonly IReadOnlyList<CheckResult> NoChecks =
        [new("pid-file", null, null, null), new("port", null, null, null), new("health", null, null, null)];

    private DaemonSnapshot Snapshot()
    {
        var instance = _state.Instance is { } number ? _instances.GetValueOrDefault(number) : null;
        var port = instance?.Port ?? (_state.State == DaemonState.Stopped ? _spec.Port : _liveSpec.Port);
        var files = new DaemonFiles(_parts.Options.StateDirectory, port);
        return new DaemonSnapshot
        {
            Name = _spec.Name,
            Host = _spec.Host,
            Port = port,
            Pid = instance?.Pid ?? (_state.State == DaemonState.Starting ? _startingPid : null),
            State = _state.State,
            Stage = _state.Stage,
            Restarts = _state.Restarts,
            ConsecutiveFailures = _state.ConsecutiveFailures,
            ProbeFailures = _state.ProbeFailures,
            Alerts = [.. _state.Alerts],
            StartedAt = instance?.StartedAt,
            VerifiedAt = instance is null ? null : _verifiedAt,
            NextAttemptAt = _state.NextAttemptAt is { } at ? _parts.Time.GetUtcNow() + (at - _parts.Now) : null,
            Adopted = instance is not null && _adopted,
            Startup = _lastVerified is { } verified ? new StartupTimings(verified.TotalMs, verified.Stages) : null,
            LastFailure = _failure,
            LogFile = files.LogFile,
            PidFile = files.PidFile,
            Url = Url(_spec.Host, port),
            TraceId = _report?.TraceId,
            Checks = _checks,
        };
    }

    // An address that stands for all of them is none that can be called.
    internal static string Url(string host, int port)
    {
        var callable = host switch
        {
            "0.0.0.0" or "*" or "+" => "127.0.0.1",
            "::" or "[::]" => "[::1]",
            _ when host.Contains(':', StringComparison.Ordinal) && !host.StartsWith('[') => $"[{host}]",
            _ => host,
        };
        return string.Create(CultureInfo.InvariantCulture, $"http://{callable}:{port}");
    }
}
