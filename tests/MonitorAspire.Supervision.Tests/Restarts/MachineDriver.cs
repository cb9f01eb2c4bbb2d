using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Tests.Restarts;

/// <summary>Sends events to the machine and keeps its actions.</summary>
internal sealed class MachineDriver(MachineSettings? settings = null)
{
    private long _instances;

    public MachineSettings Settings { get; } = settings ?? new MachineSettings { Restart = new RestartPolicy { Jitter = 0 } };

    public MachineState State { get; private set; } = MachineState.Initial;

    public TimeSpan Now { get; private set; }

    /// <summary>The last reason that the machine gave.</summary>
    public string? Reason { get; private set; }

    public List<MachineAction> Actions { get; } = [];

    public IEnumerable<T> All<T>()
        where T : MachineAction => Actions.OfType<T>();

    public void Send(MachineEvent machineEvent, double random = 0.5)
    {
        var queue = new Queue<MachineEvent>([machineEvent]);
        while (queue.TryDequeue(out var next))
        {
            var transition = DaemonMachine.Apply(State, next, Settings, Now, random);
            State = transition.State;
            Reason = transition.Reason ?? Reason;
            Actions.AddRange(transition.Actions);
            foreach (var then in transition.Actions.OfType<MachineAction.Then>())
            {
                queue.Enqueue(then.Event);
            }
        }
    }

    public void Verify()
    {
        Assert.Equal(DaemonState.Starting, State.State);
        Send(new MachineEvent.StartEnded(State.Operation!.Value, Reports.Verified(), ++_instances));
    }

    public void Fail(StartupReason reason = StartupReason.TimedOut, bool isPassing = false) =>
        Send(new MachineEvent.StartEnded(State.Operation!.Value, Reports.Failed(reason) with { IsPassing = isPassing }, null));

    public void StopDone(StopVerdict verdict = StopVerdict.Stopped) =>
        Send(new MachineEvent.StopEnded(State.Operation!.Value, Reports.Stopped(verdict)));

    public void Exit(int code = 1) => Send(new MachineEvent.InstanceExited(State.Instance!.Value, new ProcessExit(code, null)));

    public void Probe(bool health, bool? port = true, bool? pidFile = true, string? contested = null) =>
        Send(new MachineEvent.Probed(State.Instance!.Value, pidFile, port, health, Contested: contested));

    /// <summary>Moves the clock and sends the events that are due, as the actor does.</summary>
    public void Advance(TimeSpan by)
    {
        var end = Now + by;
        while (DaemonMachine.NextDue(State, Settings) is { } due && due <= end)
        {
            var before = State;
            Now = due > Now ? due : Now;
            Send(new MachineEvent.TimerDue());
            Assert.NotEqual(before, State);
        }

        Now = end;
    }

    public void Advance(double seconds) => Advance(TimeSpan.FromSeconds(seconds));

    public MachineDriver Running()
    {
        Send(new MachineEvent.StartRequested());
        Verify();
        return this;
    }
}

internal static class Reports
{
    public static StartupReport Verified() => new() { Name = "a", Host = "127.0.0.1", Port = 1, Verdict = StartupVerdict.Verified };

    public static StartupReport Failed(StartupReason reason) =>
        new() { Name = "a", Host = "127.0.0.1", Port = 1, Verdict = StartupVerdict.Failed, Reason = reason, Stage = StartupStage.Health };

    public static StopReport Stopped(StopVerdict verdict) => new() { Name = "a", Port = 1, Verdict = verdict };
}
