using MonitorAspire.Simulation.World;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Launcher;

namespace MonitorAspire.Simulation.AppHost;

/// <summary>One process of the AppHost, as its orchestrator knows it.</summary>
internal sealed class SimulatedResource(DaemonSpec spec)
{
    public string Name => spec.Name;

    public int Port => spec.Port;

    /// <summary>Whether the program takes the lock and writes its PID file by itself.</summary>
    public bool Claims => spec.EffectivePidFileWriter == PidFileWriter.Daemon;

    /// <summary>The process that was launched last, until its end is known.</summary>
    public SimulatedProcess? Process { get; set; }

    /// <summary>The last report, as the AppHost keeps it for a supervisor that connects later.</summary>
    public SentReport? Current { get; set; }

    /// <summary>Who asked for the stop that is under way.</summary>
    public Cause? StopCause { get; set; }

    /// <summary>When a person or the AppHost itself last asked for a start or a stop.</summary>
    public TimeSpan AskedAt { get; set; }

    public Cause LaunchCause { get; set; }

    /// <summary>The command that was given last. Commands run one after the other.</summary>
    public Task LastCommand { get; set; } = Task.CompletedTask;

    public Pipe<SentReport> Reports { get; set; } = null!;

    /// <summary>Whether the process of the last report lives, as the AppHost shows it.</summary>
    public bool IsShownAlive => Current?.Report.State is LauncherState.Running or LauncherState.Stopping;
}
