using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// The result of one probe of a running daemon: what the inspection saw, or how the inspection itself failed. With trouble of the supervisor
/// itself, nothing is known of the daemon.
/// </summary>
internal sealed record DaemonProbe(DaemonInspection? Seen, string? Failure, string? Trouble = null)
{
    public const string NoDescriptors = "no descriptors are left (ulimit -n)";

    /// <summary>Whether the inspection found no instance at all.</summary>
    public bool FoundNothing => Seen is { Pid: null };

    /// <summary>Makes a probe. Only the end of the supervision is an exception.</summary>
    public static async Task<DaemonProbe> RunAsync(FleetParts parts, DaemonSpec spec, DaemonInstance instance, CancellationToken cancellationToken)
    {
        var timeout = parts.ProbeOf(spec).Timeout;
        try
        {
            // The health request has its own limit; this one is for a file system that hangs.
            var seen = await parts.Engine.InspectAsync(spec, InstanceVerification.Inspection(spec, instance, timeout), cancellationToken)
                .WaitAsync(timeout * 2, parts.Time, cancellationToken).ConfigureAwait(false);
            if (seen.HealthMs is { } ms)
            {
                SupervisionTelemetry.HealthDuration.Record(
                    ms / 1000,
                    new KeyValuePair<string, object?>(AttributeNames.DaemonName, spec.Name),
                    new KeyValuePair<string, object?>(AttributeNames.HealthOutcome, seen.Healthy == true ? "healthy" : "unhealthy"));
            }

            return new DaemonProbe(seen, null, TroubleIn(seen));
        }
        catch (Exception e) when (DescriptorLimit.IsReachedBy(e) && !cancellationToken.IsCancellationRequested)
        {
            return new DaemonProbe(null, null, NoDescriptors);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return new DaemonProbe(null, e is TimeoutException ? $"the inspection did not end within {(timeout * 2).TotalSeconds:0.###} s" : e.Message);
        }
    }

    // Without descriptors, a file that is there looks missing and a process that lives looks dead. Without its address, a host can be neither
    // inspected nor asked.
    private static string? TroubleIn(DaemonInspection seen) =>
        seen is { Verdict: InspectionVerdict.Running, Reason: null } ? null
        : seen.IsOwnTrouble || DescriptorLimit.IsReached() ? NoDescriptors
        : seen.Reason == StartupReason.InvalidConfiguration ? seen.Detail
        : null;

    /// <summary>The checks after the probe.</summary>
    public IReadOnlyList<CheckResult> Checks(IReadOnlyList<CheckResult> before, int pid, DateTimeOffset now) =>
        Seen is null ? DaemonChecks.WithFailure(before, Failure, now) : DaemonChecks.Of(Seen, pid, now);

    /// <summary>What the machine is told.</summary>
    public MachineEvent.Probed ToEvent(long number, int pid) => Seen switch
    {
        null => new(number, null, null, Health: false, StartupReason.HealthUnreachable, Failure),
        { Pid: var seen } when seen == pid => new(number, Seen is { PidFileState: "ok", IsRecordLost: false }, Seen.OwnsPort, Seen.Healthy ?? Seen.Contested is not null, Seen.Reason, Seen.Detail, Seen.Contested?.ToString()) { MemoryBytes = Seen.MemoryBytes },

        // Nothing is known of the instance's own socket then.
        { Pid: null } => new(
            number,
            null,
            null,
            Health: false,
            Seen.Reason ?? StartupReason.PidMismatch,
            $"PID {pid} lives, but nothing proves any more that it is this daemon: {Seen.Detail ?? "its lock and its files are gone"}"),
        _ => new(number, null, null, Health: false, Seen.Reason ?? StartupReason.PidMismatch, $"the instance on the port is PID {Seen.Pid}, not PID {pid}"),
    };
}
