using MonitorAspire.Simulation.Scenarios;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Simulation.Invariants;

/// <summary>What the invariants remember of one daemon.</summary>
internal sealed class DaemonTruth
{
    /// <summary>Since when it is shown as Running although it surely does not serve.</summary>
    public TimeSpan? FalseRunningSince { get; set; }

    /// <summary>Since when it is shown as Unhealthy although it surely serves.</summary>
    public TimeSpan? FalseUnhealthySince { get; set; }

    /// <summary>Since when a free port is shown as another process's.</summary>
    public TimeSpan? FalseForeignSince { get; set; }

    /// <summary>Since when it waits although all that it depends on runs.</summary>
    public TimeSpan? WaitsForNothingSince { get; set; }

    /// <summary>Since when an instance of it lives although it is shown as stopped.</summary>
    public TimeSpan? LivesStoppedSince { get; set; }

    /// <summary>The inspection that began last.</summary>
    public (long Number, TimeSpan At) Inspection { get; set; }

    /// <summary>The last inspection said that this instance is healthy.</summary>
    public (int Pid, TimeSpan At)? HealthyAnswer { get; set; }

    /// <summary>When it was last shown as Running.</summary>
    public TimeSpan? RunningAt { get; set; }

    /// <summary>When it was last shown with a process.</summary>
    public TimeSpan? ProcessAt { get; set; }

    /// <summary>It may be started: with the fleet, on request, or for another one. Otherwise nothing starts it.</summary>
    public bool MayStart => MayStartSince is not null;

    /// <summary>Since when it may be started.</summary>
    public TimeSpan? MayStartSince { get; set; }

    /// <summary>Since when it has to be started. During a change it is not certain what a daemon depends on.</summary>
    public TimeSpan? MustStartSince { get; set; }

    /// <summary>Since when it is shown as Starting, or was last. The start may spawn its process much later.</summary>
    public TimeSpan? StartingSince { get; set; }

    /// <summary>The failed probes in a row that are shown.</summary>
    public int FailedProbes { get; set; }

    /// <summary>The arguments of a definition that was rolled back.</summary>
    public string? Rejected { get; set; }

    public (DaemonState State, int Restarts, int Failures) Shown { get; set; }

    public TimeSpan ShownSince { get; set; }

    /// <summary>A stop was reported as done by an earlier supervisor.</summary>
    public bool IsStopKept { get; set; }

    /// <summary>The requests for starts and stops that were not refused, in their order, since this supervisor began.</summary>
    public List<(long Number, FaultKind Kind, TimeSpan At)> Asked { get; } = [];

    /// <summary>The last request was a stop.</summary>
    public bool IsStopAsked => Asked is [.., var last] ? last.Kind == FaultKind.AskStop : IsStopKept;

    /// <summary>Number of the last request that starts it.</summary>
    public long LastStart { get; set; }

    /// <summary>A stop was reported as done, and no start was asked for since.</summary>
    public bool IsStopDone { get; set; }

    /// <summary>Whether the supervisor before this one was killed while a stop or a start was asked for and not answered.</summary>
    public bool IsStopUncertain { get; set; }

    /// <summary>When a reload or a dependency was last a cause to stop the instance.</summary>
    public TimeSpan? StopCauseAt { get; set; }

    /// <summary>Requests that stop the instance and are not answered yet.</summary>
    public int StopCauses { get; set; }

    /// <summary>Requests that are not answered yet. They forget failures when the fleet gets them, which may be later.</summary>
    public int PendingRequests { get; set; }

    /// <summary>Whether there was a cause to stop it since then: a request that was not refused, a reload or a dependency.</summary>
    public bool HasStopCauseSince(TimeSpan time) => StopCauseAt >= time || Asked.Exists(asked => asked.Kind != FaultKind.AskStart && asked.At >= time);

    /// <summary>A reload stops and starts it.</summary>
    public bool IsReloading { get; set; }

    /// <summary>When it failed, since the last request and the last supervisor.</summary>
    public List<TimeSpan> Failures { get; } = [];

    public int Restarts { get; set; }

    public string? Operation { get; set; }

    /// <summary>No daemon had the port when the operation began.</summary>
    public bool IsUnwanted { get; set; }
}
