using MonitorAspire.Simulation.AppHost;
using MonitorAspire.Simulation.Scenarios;
using MonitorAspire.Simulation.World;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Launcher;

namespace MonitorAspire.Simulation.Invariants;

/// <summary>What must hold for daemons that another program launches. It knows what that program has told the supervisor, and what it did.</summary>
internal sealed class AttachedInvariants(FleetInvariants fleet, SimulatedSystem system, SimulatedAppHost appHost, Action<string, string> violate) : ILinkObserver
{
    private readonly Dictionary<string, Truth> _daemons = [];

    private TimeSpan Now => system.Scheduler.Now;

    /// <summary>Whether a process lives that its launcher does not know any more. Nothing but a person can stop it.</summary>
    public bool IsAnyForgotten() => system.Alive.Exists(p => p is { IsAttached: true, IsRoot: true } && !appHost.Knows(p));

    /// <summary>A new supervisor has heard nothing and asked for nothing.</summary>
    public void BeginSupervisor() => _daemons.Clear();

    /// <summary>Whether a start waits for a launch that no request has asked for. The launcher may wait for a database, or for a person.</summary>
    public bool IsWaitingForLaunch(string name) => this[name] is { IsAsked: false, Heard.Report.State: not (LauncherState.Running or LauncherState.Ended or LauncherState.Failed) } or { IsAsked: false, Heard: null };

    /// <summary>When the supervisor last heard something new.</summary>
    public TimeSpan HeardAt(string name) => this[name].HeardAt;

    public void OnReported(SentReport sent)
    {
        var (report, truth) = (sent.Report, this[sent.Report.Daemon]);
        (truth.Heard, truth.HeardAt) = (sent, Now);
        if (report.State == LauncherState.Running && report.Pid != truth.NewestPid)
        {
            (truth.NewestPid, truth.StoppedAt) = (report.Pid, null);
            // A launch by others while one is asked for is taken for that one. The one that was asked for is then news.
            // With more than one request under way, it is not known which of them a launch belongs to.
            var isNews = sent.Cause != Cause.Supervisor || !truth.HasAsked || truth.IsMistaken || truth.Requests > 1;
            truth.IsMistaken = truth.IsAsked && sent.Cause != Cause.Supervisor;
            truth.Requests -= sent.Cause == Cause.Supervisor && truth.Requests > 0 ? 1 : 0;
            if (sent.Cause == Cause.Supervisor && !truth.IsAsked)
            {
                // A launch that comes late is verified as one by others, and that forgets the failures.
                fleet[report.Daemon].Failures.Clear();
            }

            if (sent.Cause == Cause.Supervisor && truth.HasAsked && isNews)
            {
                fleet.OnCrossed(report.Daemon);
            }

            if (isNews)
            {
                fleet.OnLaunchedThere(report.Daemon, sent.AskedAt);
            }
        }

        if (report is not { State: LauncherState.Stopping or LauncherState.Ended, OnPurpose: true } || sent.Cause != Cause.Person)
        {
            return;
        }

        if (truth.RequestedAt >= sent.AskedAt || (truth.StoppedAt is null && truth.IsAsked))
        {
            // The supervisor has asked for a launch, or was asked for one, and hears of the stop only now. Either may win.
            fleet.OnCrossed(report.Daemon);
        }
        else if (truth.StoppedAt is null)
        {
            (truth.StoppedAt, truth.NewestPid) = (Now, report.Pid ?? truth.NewestPid);
            fleet.OnStoppedThere(report.Daemon);
        }
    }

    /// <summary>A person asks the supervisor for a start, which counts more than a stop before it.</summary>
    public void OnStartRequested(string name) => (this[name].StoppedAt, this[name].RequestedAt) = (null, Now);

    public void OnLaunchAsked(string daemon)
    {
        var truth = this[daemon];
        system.Say($"the launcher is asked for {daemon}");
        fleet.CheckDelay(daemon);
        if (truth.StoppedAt is { } at && truth.BegunAt > at + fleet.MessageTime)
        {
            violate("stop-undone", $"a launch of {daemon} is asked for, although a person stopped it with its launcher, which the supervisor heard at {at}");
        }

        if (truth.IsAsked)
        {
            violate("asked-twice", $"a launch of {daemon} is asked for twice by one start");
        }

        (truth.IsAsked, truth.HasAsked) = (true, true);
        truth.Requests++;
        CheckServes(daemon, truth, "launch");
    }

    public void OnEndAsked(string daemon)
    {
        system.Say($"the launcher is asked to stop {daemon}");
        CheckServes(daemon, this[daemon], "stop");
    }

    public void Follow(FleetEvent happened)
    {
        var truth = this[happened.Daemon.Name];
        truth.IsAsked &= happened.Kind is not (FleetEventKind.StartFailed or FleetEventKind.StartVerified or FleetEventKind.Adopted);
        if (happened.Kind == FleetEventKind.StartVerified
            || (happened is { Kind: FleetEventKind.StartFailed, Report: { Reason: not StartupReason.Cancelled, Detail: var detail } } && detail?.Contains("did not answer", StringComparison.Ordinal) != true))
        {
            // Its request was answered.
            truth.Requests = 0;
        }

        if (happened is { Kind: FleetEventKind.StateChanged, Daemon: { State: DaemonState.Starting, Stage: null } })
        {
            truth.BegunAt = Now;
        }
    }

    /// <summary>Checks one moment.</summary>
    public void Check(DaemonSnapshot daemon)
    {
        var truth = this[daemon.Name];
        truth.StopIgnoredSince = truth.StoppedAt is not null && daemon.State != DaemonState.Stopped ? truth.StopIgnoredSince ?? Now : null;
        if (truth.StopIgnoredSince is { } ignored && fleet.AgeOf(ignored) > fleet.OperationTime)
        {
            violate("stop-undone", $"{daemon.Name} is {daemon.State}, although a person stopped it with its launcher, which the supervisor heard at {truth.StoppedAt}");
        }

        var lives = daemon.State == DaemonState.Stopped && truth.Heard is { Report.State: LauncherState.Running } heard
            && appHost.Find(daemon.Name)?.Process is { } process && process.Pid == heard.Report.Pid;
        truth.LivesStoppedSince = lives ? truth.LivesStoppedSince ?? Now : null;
        if (truth.LivesStoppedSince is { } since && fleet.AgeOf(since) > fleet.OperationTime)
        {
            violate("stopped-lives", $"{daemon.Name} is shown as Stopped since {since}, but its launcher has said that PID {truth.NewestPid} runs");
        }
    }

    private void CheckServes(string daemon, Truth truth, string what)
    {
        if (appHost.Find(daemon)?.Process is { VerifiedAt: not null, WasDown: false, IsEnding: false, IsAlive: true } process && process.Pid == truth.NewestPid && !fleet.MayStop(daemon, process)

            // A supervisor that has no record of it verifies it again, and without its PID file that fails.
            && system.Files(process.Owner!.Value).PidInFile == process.Pid)
        {
            violate("healthy-stopped", $"{process} has served without a break, and a {what} of {daemon} is asked for although nothing asked for it");
        }
    }

    private Truth this[string name] => _daemons.TryGetValue(name, out var truth) ? truth : _daemons[name] = new Truth();

    private sealed class Truth
    {
        public SentReport? Heard { get; set; }

        public TimeSpan HeardAt { get; set; }

        /// <summary>The newest process that the supervisor has heard of.</summary>
        public int? NewestPid { get; set; }

        /// <summary>When the supervisor was last asked for a start.</summary>
        public TimeSpan? RequestedAt { get; set; }

        /// <summary>Since when the supervisor knows that a person has stopped it with its launcher.</summary>
        public TimeSpan? StoppedAt { get; set; }

        /// <summary>Since when it is not shown as stopped although a person stopped it.</summary>
        public TimeSpan? StopIgnoredSince { get; set; }

        /// <summary>Whether the start that is under way has asked for a launch.</summary>
        public bool IsAsked { get; set; }

        /// <summary>Whether this supervisor has ever asked for a launch. Otherwise the one before it did.</summary>
        public bool HasAsked { get; set; }

        /// <summary>The requests for a launch that may still be carried out.</summary>
        public int Requests { get; set; }

        /// <summary>Whether another launch was taken for the one that was asked for.</summary>
        public bool IsMistaken { get; set; }

        /// <summary>When the last start began.</summary>
        public TimeSpan? BegunAt { get; set; }

        public TimeSpan? LivesStoppedSince { get; set; }
    }
}
