using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>The parts of the engine.</summary>
internal sealed class EngineParts
{
    private static readonly TimeSpan WaitGrid = TimeSpan.FromMilliseconds(1);

    internal EngineParts(EngineOptions options, TimeProvider time)
    {
        Options = options;
        Time = time;
        Waits = new ProbeClock(time == TimeProvider.System ? new FineTime() : time, WaitGrid);
        Processes = ProcessTable.Current;
        Listeners = new ListenerProbe(Processes);
        Health = new HealthProbe(time);
        Notifications = new Notifications(time);
        Tree = new InstanceTree(Processes);
        Memory = new TreeMemory(Processes, time);
        Stopper = new TreeStopper(Processes, Tree, time);
        Locator = new InstanceLocator(Processes, Tree, Listeners, time);
        Ports = new PortView(Listeners, Tree, Processes);
        PidFiles = new FileCache<PidFileReading>(PidFile.Read, time);
        PendingWrites = new PendingWrites(Processes);
        Stale = new StaleFiles(Processes, Listeners);
        Legacy = new LegacyFiles(Processes, Listeners);
    }

    /// <summary>Message for a host that cannot be resolved.</summary>
    internal static string NoAddress(string host) => $"host '{host}' stands for no address";

    /// <summary>
    /// Whether the living instance of an attached daemon was provably started by another launcher: by a person, or by an earlier run of the
    /// application. False where its environment cannot be read.
    /// </summary>
    internal bool IsOfAnotherLauncher(DaemonSpec spec, Located located)
    {
        if (Options.LaunchId is not { } ours || spec.Launch != LaunchMode.Attached || located.Identity is not { } identity)
        {
            return false;
        }

        // A program may overwrite its environment (setproctitle), so a missing id proves nothing. The built-in daemon does not overwrite it.
        return ProcessEnvironment.TryGet(Processes, identity.Pid, InstanceRecord.EnvironmentVariable, out var value)
            && (InstanceRecord.InstanceIdFor(spec.Port, value) is { } id
                ? !InstanceRecord.IsLaunchedBy(id, spec.Port, ours)
                : spec.EffectivePidFileWriter == PidFileWriter.Daemon);
    }

    internal EngineOptions Options { get; }

    internal TimeProvider Time { get; }

    /// <summary>The clock that the short waits of all starts share.</summary>
    internal TimeProvider Waits { get; }

    internal ProcessTable Processes { get; }

    internal ListenerProbe Listeners { get; }

    internal HealthProbe Health { get; }

    internal Notifications Notifications { get; }

    internal InstanceTree Tree { get; }

    internal TreeMemory Memory { get; }

    internal TreeStopper Stopper { get; }

    internal InstanceLocator Locator { get; }

    internal PortView Ports { get; }

    internal FileCache<PidFileReading> PidFiles { get; }

    internal PendingWrites PendingWrites { get; }

    internal StaleFiles Stale { get; }

    internal LegacyFiles Legacy { get; }
}
