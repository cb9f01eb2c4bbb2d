using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Simulation.World;

/// <summary>How a process answers a health check.</summary>
internal enum Health
{
    Good,
    Failing,
    Slow,
    Hanging,
    Refusing,

    /// <summary>It answers "healthy", but with the PID of another process.</summary>
    Lying,
}

/// <summary>One process. <see cref="Owner"/> is the truth that no process table shows: which daemon's port it was started for.</summary>
internal sealed class SimulatedProcess(ProcessIdentity identity, int session, SimulatedProcess? parent)
{
    private readonly List<Action<ProcessExit>> _watchers = [];

    public ProcessIdentity Identity { get; } = identity;

    public int Pid => Identity.Pid;

    public int Session { get; } = session;

    public SimulatedProcess? Parent { get; } = parent;

    /// <summary>The port of the daemon that it belongs to; <see langword="null"/> for a foreign process.</summary>
    public int? Owner { get; init; }

    public bool IsRoot { get; init; }

    /// <summary>Another program than the supervisor has launched it. It inherits no lock.</summary>
    public bool IsAttached { get; init; }

    /// <summary>The id in its environment; <see langword="null"/> where the program has overwritten it.</summary>
    public string? InstanceId { get; set; }

    public bool HoldsLock { get; set; }

    public int? ListensOn { get; set; }

    public Health Health { get; set; }

    public TimeSpan AnswersAfter { get; set; }

    /// <summary>How long it takes to end after SIGTERM; <see langword="null"/> where it ignores the signal.</summary>
    public TimeSpan? EndsAfter { get; set; } = TimeSpan.Zero;

    /// <summary>Whether it hangs in the kernel, so that even SIGKILL has no effect.</summary>
    public bool IsUninterruptible { get; set; }

    public bool IsKillPending { get; set; }

    public bool IsEnding { get; set; }

    public ProcessExit? Exit { get; private set; }

    public bool IsAlive => Exit is null;

    /// <summary>When it was spawned.</summary>
    public TimeSpan StartedAt { get; init; }

    /// <summary>When it was verified.</summary>
    public TimeSpan? VerifiedAt { get; set; }

    /// <summary>Whether it has not always served since it was verified, in a way that a probe may have seen.</summary>
    public bool WasDown { get; set; }

    public bool ServesSurely => IsAlive && ListensOn == Owner && Health == Health.Good;

    public bool IsSurelyDown => !IsAlive || ListensOn != Owner || Health is Health.Failing or Health.Hanging or Health.Refusing or Health.Lying;

    public void WhenEnded(Action<ProcessExit> watcher)
    {
        if (Exit is { } exit)
        {
            watcher(exit);
        }
        else
        {
            _watchers.Add(watcher);
        }
    }

    public void End(ProcessExit exit)
    {
        Exit = exit;
        ListensOn = null;
        HoldsLock = false;
        _watchers.ForEach(watcher => watcher(exit));
        _watchers.Clear();
    }

    public override string ToString() => $"PID {Pid}@{Identity.StartTicks}{(Owner is null ? " foreign" : IsRoot ? $" root of {Owner}" : $" member of {Owner}")}";
}
