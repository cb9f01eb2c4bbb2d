using System.Collections.Immutable;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Restarts;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>What is known of a daemon beside its <see cref="MachineState"/>.</summary>
internal sealed record DaemonFacts(DaemonSpec Spec)
{
    /// <summary>The specification of the instance, with the port that was chosen for it.</summary>
    public DaemonSpec InstanceSpec { get; init; } = Spec;

    /// <summary>The living instance, or the one that the machine is about to be told of.</summary>
    public VerifiedInstance? Instance { get; init; }

    /// <summary>The instances of the daemons that it depends on, as they were when it was started or when they were first seen.</summary>
    public ImmutableDictionary<string, ProcessIdentity> Needed { get; init; } = ImmutableDictionary<string, ProcessIdentity>.Empty.WithComparers(StringComparer.OrdinalIgnoreCase);

    /// <summary>PID of the process that is being started.</summary>
    public int? StartingPid { get; init; }

    public IReadOnlyList<CheckResult> Checks { get; init; } = DaemonChecks.NotMade;

    public StartupReport? LastStart { get; init; }

    public StartupReport? LastVerifiedStart { get; init; }

    public DaemonFailure? LastFailure { get; init; }

    /// <summary>The instance under the number that the machine knows it by.</summary>
    public DaemonInstance? Process(long? number) => Instance is { } instance && instance.Number == number ? instance.Process : null;

    /// <summary>The daemon as REST, events and dashboards show it. Both times are the same moment, on the wall clock and on the machine's clock.</summary>
    public DaemonSnapshot ToSnapshot(MachineState state, string stateDirectory, DateTimeOffset now, TimeSpan monotonicNow)
    {
        var instance = state.Instance == Instance?.Number ? Instance : null;
        var port = instance?.Process.Port ?? (state.State == DaemonState.Stopped ? Spec.Port : InstanceSpec.Port);
        var files = new DaemonFiles(stateDirectory, port);
        return new DaemonSnapshot
        {
            Name = Spec.Name,
            Host = Spec.Host,
            Port = port,
            Pid = instance?.Process.Pid ?? (state.State == DaemonState.Starting ? StartingPid : null),
            State = state.State,
            Stage = state.Stage,
            AutoStart = Spec.AutoStart,
            DependsOn = [.. Spec.DependsOn.Select(d => d.Name)],
            WaitingFor = state.WaitingFor,
            Restarts = state.Restarts,
            ConsecutiveFailures = state.ConsecutiveFailures,
            ProbeFailures = state.ProbeFailures,
            Alerts = [.. state.Alerts],
            StartedAt = instance?.Process.StartedAt,
            VerifiedAt = instance?.VerifiedAt,
            NextAttemptAt = now + (state.NextAttemptAt - monotonicNow),
            Adopted = instance?.Adopted == true,
            Startup = LastVerifiedStart is { } verified ? new StartupTimings(verified.TotalMs, verified.Stages) : null,
            LastFailure = LastFailure,
            LogFile = files.LogFile,
            PidFile = files.PidFile,
            Url = HostAddresses.Url(Spec.Host, port, Spec.Health.Kind),
            TraceId = LastStart?.TraceId,
            Checks = Checks,
        };
    }
}

/// <summary>An instance that was verified or adopted, with the number that the machine knows it by.</summary>
internal sealed record VerifiedInstance(long Number, DaemonInstance Process, DateTimeOffset VerifiedAt, bool Adopted)
{
    /// <summary>Its first process. It stays when that hands over to another one, and when the supervision of the daemon begins again.</summary>
    public ProcessIdentity First { get; } = Process.Identity;
}
