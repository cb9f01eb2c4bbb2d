using System.Globalization;
using System.Net.Sockets;
using System.Runtime.Versioning;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Supervision.Processes;

/// <summary>
/// A health check by a command. The command is a process of its own session with an instance id of its own: when the time is up, it is
/// stopped with all its descendants. It does not hold the daemon's lock, so it is no member of the daemon.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed class CommandCheck(ProcessTable processes, TreeStopper stopper, TimeProvider time)
{
    private const int OutputKept = 4096;
    private static readonly TimeSpan KillTimeout = TimeSpan.FromSeconds(2);

    // The output of a command that has ended is there already. Only a process that it left in the background keeps it open.
    private static readonly TimeSpan OutputLimit = TimeSpan.FromMilliseconds(200);

    private const string IdPrefix = "check-";

    private static readonly Lazy<ProcessIdentity?> Self = new(() => ProcessTable.Current.Lookup(Environment.ProcessId).Identity);

    /// <summary>An instance id for a check. It belongs to no port, and names the process that makes the check, see <see cref="AbandonedChecks"/>.</summary>
    internal static string NewId() => string.Create(CultureInfo.InvariantCulture, $"{IdPrefix}{Environment.ProcessId}-{Self.Value?.StartTicks ?? 0}-{Guid.NewGuid():N}");

    /// <summary>The PID and the start time of the process that made a check; <see langword="null"/> where the id is of no check.</summary>
    internal static (int Pid, long StartTicks)? MakerOf(string? instanceId) =>
        instanceId?.StartsWith(IdPrefix, StringComparison.Ordinal) == true && instanceId[IdPrefix.Length..].Split('-') is [var pid, var ticks, _]
        && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var start) && start > 0
            ? (number, start)
            : null;

    /// <summary>Runs the command once.</summary>
    internal async Task<HealthResult> RunAsync(LaunchPlan plan, TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var name = Path.GetFileName(plan.Executable);
        var (ours, theirs) = SocketPair.Create();
        using var output = ours;
        int pid;
        using (theirs)
        {
            pid = SpawnedProcess.Start(plan.Words, plan.Environment, plan.WorkingDirectory, theirs, instanceLock: null);
        }

        if (pid <= 0)
        {
            return new HealthResult { Outcome = HealthOutcome.Unreachable, Detail = $"the check {name} cannot be executed: {Errno.Describe(-pid)}" };
        }

        var root = processes.Describe(pid)?.Identity;
        var exited = ProcessExits.OfChild(pid);
        var tail = new OutputTail();
        var reading = tail.ReadAsync(output);
        ProcessExit? exit = null;
        try
        {
            exit = await exited.WaitAsync(limit, time, cancellationToken).ConfigureAwait(false);
            await reading.WaitAsync(OutputLimit, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // A check has no lock.
            var signs = new InstanceSigns(root, plan.Environment[InstanceRecord.EnvironmentVariable], LockFile: "");
            await stopper.StopAsync(signs, default, TimeSpan.Zero, KillTimeout, CancellationToken.None).ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
        var took = time.GetElapsedTime(started);
        var lines = tail.Lines;
        var result = exit switch
        {
            null => new HealthResult { Outcome = HealthOutcome.TimedOut, Detail = $"the check {name} did not end within {HealthText.Of(limit)} and was stopped{HealthText.Quoted(lines)}" },
            { ExitCode: 0 } => new HealthResult { Outcome = HealthOutcome.Healthy, Detail = $"the check {name} ended with exit code 0 after {HealthText.Of(took)}" },
            _ => new HealthResult { Outcome = HealthOutcome.Status, Detail = $"the check {name} ended with {exit} after {HealthText.Of(took)}{HealthText.Quoted(lines)}" },
        };
        return result with { StatusCode = exit?.ExitCode, Body = lines, Latency = took, Connected = true };
    }

    /// <summary>The end of what a command writes.</summary>
    private sealed class OutputTail
    {
        private readonly Lock _gate = new();
        private readonly byte[] _kept = new byte[OutputKept];
        private int _count;

        internal IReadOnlyList<string> Lines
        {
            get
            {
                lock (_gate)
                {
                    return HealthBody.Lines(_kept.AsSpan(0, _count), last: true);
                }
            }
        }

        internal async Task ReadAsync(Socket output)
        {
            var buffer = new byte[OutputKept];
            try
            {
                int read;
                while ((read = await output.ReceiveAsync(buffer, SocketFlags.None).ConfigureAwait(false)) > 0)
                {
                    Keep(buffer.AsSpan(0, read));
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The check has ended.
            }
        }

        private void Keep(ReadOnlySpan<byte> bytes)
        {
            lock (_gate)
            {
                var old = Math.Min(_count, OutputKept - bytes.Length);
                _kept.AsSpan(_count - old, old).CopyTo(_kept);
                bytes.CopyTo(_kept.AsSpan(old));
                _count = old + bytes.Length;
            }
        }
    }
}
