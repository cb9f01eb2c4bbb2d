using MonitorAspire.Simulation.World;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Simulation.Engine;

/// <summary>Is told what the fleet asks of the engine, and what the engine is about to do to a process.</summary>
internal interface IEngineObserver
{
    void OnStart(DaemonSpec spec, StartOptions options);

    void OnOperationBegins(DaemonSpec spec, string operation);

    void OnOperationEnded(DaemonSpec spec);

    /// <summary>An inspection begins. Returns its number.</summary>
    long OnInspectionBegins(DaemonSpec spec);

    void OnInspected(DaemonSpec spec, long number, DaemonInspection seen);

    /// <summary>The fleet starts or stops an attached daemon with the engine, which signals processes.</summary>
    void OnAttachedTouched(DaemonSpec spec);

    /// <summary>A process is about to be signalled, by a stop or by the clean-up of a start that failed.</summary>
    void OnSignal(DaemonSpec spec, SimulatedProcess process, bool isCleanUp);
}
