using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// How one daemon is launched and stopped: by this supervisor (<see cref="OwnLauncher"/>) or by another program, as Aspire's orchestrator
/// (<see cref="AttachedLauncher"/>). Nothing else in the fleet asks which it is.
/// </summary>
internal interface ILauncher
{
    /// <summary>Whether the daemon can be started and stopped at all. Otherwise it is only watched.</summary>
    bool CanAct { get; }

    /// <summary>Whether the process belongs to this supervisor, which then stops it when the supervisor or the daemon's configuration ends.</summary>
    bool OwnsProcess { get; }

    /// <summary>Whether a living instance that was found counts as verified, so that it is adopted and not verified as a start.</summary>
    bool CanAdopt(DaemonInstance instance);

    /// <summary>Says whether the next start has to launch the daemon, or only verifies what another program launches.</summary>
    void ExpectLaunch(bool byOthers)
    {
    }

    /// <summary>Whether the launch that another program has reported last is one that this supervisor has stopped since.</summary>
    bool HasStoppedLaunch(string daemon) => false;

    /// <summary>Says that another program stops the daemon now: the next stop only waits for its end.</summary>
    void ExpectStop()
    {
    }

    /// <summary>What would make a start fail, as far as it can be known while the instance runs.</summary>
    Task<StartupReport?> CheckStartAsync(DaemonSpec spec, IReadOnlySet<int> freed, CancellationToken cancellationToken) => Task.FromResult<StartupReport?>(null);

    /// <summary>Launches the daemon and verifies it. Everything that can go wrong is in the report, except unexpected errors.</summary>
    Task<StartOutcome> StartAsync(DaemonSpec spec, StartOptions options, CancellationToken cancellationToken);

    /// <summary>Stops the daemon and its instance, where one is known. The token ends the grace period.</summary>
    Task<StopReport> StopAsync(DaemonSpec spec, DaemonInstance? instance, StopOptions options, CancellationToken outOfTime);

    /// <summary>Whether a start can be tried now, after the port was another process's or the instance was gone.</summary>
    Task<bool> CanStartAsync(DaemonSpec spec, CancellationToken cancellationToken);

    /// <summary>Why an instance ended, as far as its launcher knows more than the kernel does.</summary>
    Task<AttachedExit> ExplainExitAsync(string daemon, CancellationToken cancellationToken) => Task.FromResult(AttachedExit.Unknown);

    /// <summary>Removes the files of an instance that has ended, where the engine does not do so by itself.</summary>
    void ForgetFiles(DaemonInstance instance)
    {
    }

    /// <summary>Rotates the daemon's log where it is too large, and returns what was done.</summary>
    string? RotateLog(DaemonSpec spec) => null;

    /// <summary>The supervision ends while the instance lives.</summary>
    Task LeaveAsync(DaemonSpec spec, DaemonInstance instance) => Task.CompletedTask;
}
