using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>What the engine is made of, put together once.</summary>
internal sealed class EngineParts
{
    internal EngineParts(EngineOptions options, TimeProvider time)
    {
        Options = options;
        Time = time;
        Processes = ProcessTable.Current;
        Listeners = new ListenerProbe(Processes);
        Health = new HealthProbe(time);
        Tree = new InstanceTree(Processes);
        Stopper = new TreeStopper(Processes, Tree, time);
        Locator = new InstanceLocator(Processes);
        Ports = new PortView(Listeners, Tree, Processes);
        Stale = new StaleFiles(Processes, Listeners);
        Legacy = new LegacyFiles(Processes, Listeners);
    }

    /// <summary>For a person: what is wrong with a host that has none.</summary>
    internal static string NoAddress(string host) => $"host '{host}' stands for no address";

    /// <summary>
    /// Whether the living instance of an attached daemon provably comes from another launcher than ours: a person started it by hand, or
    /// an earlier run of the application did. Where the platform or another user's process keeps its environment to itself, nothing is proved.
    /// </summary>
    internal bool IsOfAnotherLauncher(DaemonSpec spec, Located located)
    {
        if (Options.LaunchId is not { } ours || spec.Launch != LaunchMode.Attached || located.Identity is not { } identity)
        {
            return false;
        }

        // A program may write over its environment (setproctitle), so that it says nothing proves nothing; the built-in daemon does not.
        return ProcessEnvironment.TryGet(Processes, identity.Pid, InstanceRecord.EnvironmentVariable, out var value)
            && (InstanceLocator.IdForPort(value, spec.Port) is { } id
                ? !InstanceRecord.IsInstanceIdOf(id, spec.Port, ours)
                : spec.EffectivePidFileWriter == PidFileWriter.Daemon);
    }

    internal EngineOptions Options { get; }

    internal TimeProvider Time { get; }

    internal ProcessTable Processes { get; }

    internal ListenerProbe Listeners { get; }

    internal HealthProbe Health { get; }

    internal InstanceTree Tree { get; }

    internal TreeStopper Stopper { get; }

    internal InstanceLocator Locator { get; }

    internal PortView Ports { get; }

    internal StaleFiles Stale { get; }

    internal LegacyFiles Legacy { get; }
}
