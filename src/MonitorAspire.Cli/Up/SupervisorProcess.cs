using System.Globalization;
using MonitorAspire.Cli.Up.Dashboard;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli.Up;

/// <summary>The supervisor that <c>monitor up</c> runs. It is started like a daemon: verified, in a session of its own, with a log file. It
/// ends, and leaves its daemons running, when <c>monitor up</c> is killed.</summary>
internal sealed class SupervisorProcess(IDaemonEngine engine, string directory, UpSettings settings, DashboardPlan? dashboard)
{
    // The supervisor has its own time limit for stopping daemons; a person who is in a hurry presses Ctrl-C again.
    private static readonly TimeSpan StopGracePeriod = TimeSpan.FromHours(1);
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan CancelGracePeriod = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan OrphanTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan OrphanInterval = TimeSpan.FromMilliseconds(50);

    private readonly DaemonSpec _spec = SpecOf(settings, dashboard);

    internal Task<StartOutcome> StartAsync(int attempt, CancellationToken cancellationToken) =>
        engine.StartAsync(_spec, new StartOptions { Attempt = attempt, Timeout = StartTimeout, StopGracePeriod = CancelGracePeriod }, cancellationToken);

    /// <summary>Asks it to stop its daemons and to end, and waits for the end. If it is killed in a hurry its daemons run on.</summary>
    internal Task<StopReport> StopAsync(CancellationToken hurry) => engine.StopAsync(_spec, new StopOptions { GracePeriod = StopGracePeriod }, hurry);

    /// <summary>Ends supervisor and dashboard of a <c>monitor up</c> that was killed. Only the holder of the lock may do this: then their
    /// owner is gone for certain. Daemons are not touched.</summary>
    internal async Task EndOrphansAsync(TimeProvider time, CancellationToken hurry)
    {
        foreach (var port in KnownDaemons.Ports(directory))
        {
            if (KnownDaemons.Record(directory, port) is not { } record)
            {
                continue;
            }

            // The supervisor ends by itself. To stop it would stop its daemons.
            var isSupervisor = port == _spec.Port;
            var started = time.GetTimestamp();
            while (isSupervisor && record.Identity is { } identity && !ProcessTable.Current.IsGone(identity) && time.GetElapsedTime(started) < OrphanTimeout)
            {
                await Task.Delay(OrphanInterval, time, hurry).ConfigureAwait(false);
            }

            await engine.StopAsync(KnownDaemons.Spec(port, record), new StopOptions { GracePeriod = TimeSpan.Zero }, hurry).ConfigureAwait(false);
        }
    }

    private static DaemonSpec SpecOf(UpSettings settings, DashboardPlan? dashboard)
    {
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            // The supervisor would listen there.
            ["ASPNETCORE_URLS"] = null,
            ["ASPNETCORE_HTTP_PORTS"] = null,
            ["ASPNETCORE_HTTPS_PORTS"] = null,
            ["MONITOR_PARENT_PID"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
        };
        if (OperatingSystem.IsLinux())
        {
            // The supervisor's own parent has the limit that the runtime raised.
            environment[UserDescriptorLimit.Variable] = UserDescriptorLimit.Soft.ToString(CultureInfo.InvariantCulture);
        }

        foreach (var (name, value) in dashboard?.SupervisorEnvironment ?? [])
        {
            environment[name] = value;
        }

        var program = OwnProgram.Beside(OwnProgram.Supervisor);
        return new DaemonSpec
        {
            Name = "supervisor",
            Port = settings.SupervisorPort,
            Command = program.Command,
            Arguments = [.. program.Arguments, "--host", "127.0.0.1", "--port", settings.SupervisorPort.ToString(CultureInfo.InvariantCulture), .. settings.SupervisorArguments],
            Environment = environment,
        };
    }
}
