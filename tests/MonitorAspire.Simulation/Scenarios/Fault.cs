using System.Globalization;
using MonitorAspire.Simulation.World;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Simulation.Scenarios;

/// <summary>What a scenario does to the system and to the fleet.</summary>
internal enum FaultKind
{
    KillRoot,
    ExitRoot,
    KillMember,
    OrphanMembers,
    LoseSocket,
    Sicken,
    Recover,
    ForeignTakesPort,
    ForeignLeaves,
    Contest,
    LosePidFile,
    TearPidFile,
    PidFileNamesForeign,
    LoseRecord,
    FillDisk,
    FreeDisk,
    ExhaustDescriptors,
    FreeDescriptors,
    HangFiles,
    UnhangFiles,
    LoseCommand,
    RestoreCommand,
    JumpWallClock,
    SlowThreads,
    SlowStart,
    NeverReady,
    ExitEarly,
    SlowStop,
    IgnoreSigterm,
    HangInKernel,
    UnhangInKernel,
    Fork,
    ReusePids,
    AskStart,
    AskStop,
    AskRestart,
    AskReset,
    Reload,
    CrashSupervisor,
    HandOverSupervisor,

    // Only in fleets with attached daemons: what their launcher does.
    PersonStarts,
    PersonStops,
    PersonRestarts,
    LaunchSecond,
    LateClaim,
    LauncherIsSlow,
    LauncherIsQuick,
    LauncherRefuses,
    LauncherLosesAnswers,
    LauncherAnswersTwice,
    LauncherReportsLate,
    LoseConnection,
    LauncherDies,
}

/// <summary>One step of a scenario: after a time since the step before, a fault. The luck decides its details.</summary>
internal sealed record Fault(int Number, TimeSpan Gap, FaultKind Kind, int Daemon, ulong Luck)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"#{Number} after {Gap.TotalSeconds:0.000000} s: {Kind} d{Daemon}");
}

/// <summary>
/// The settings and the faults that follow from a seed. A scenario that ends early has no recovery: the supervisor ends in order, with its
/// daemons in whatever state the faults have left them.
/// </summary>
internal sealed record Scenario(
    ulong Seed, IReadOnlyList<DaemonSpec> Specs, TimeSpan ProbeInterval, TimeSpan ProbeTimeout, TimeSpan ResetAfter, TimeSpan Lateness, bool EndsEarly, IReadOnlyList<Fault> Faults)
{
    private const int FirstPort = 9000;

    /// <summary>Every sixth seed has a fleet with attached daemons.</summary>
    private const int AttachedEvery = 6;

    private static readonly FaultKind[] AttachedKinds = Enum.GetValues<FaultKind>();

    private static readonly FaultKind[] Kinds = [.. AttachedKinds.Where(kind => kind < FaultKind.PersonStarts)];

    // Requests and crashes of the supervisor meet everything else, so they come more often.
    private static readonly FaultKind[] Often =
        [FaultKind.KillRoot, FaultKind.Sicken, FaultKind.AskStop, FaultKind.AskStart, FaultKind.AskRestart, FaultKind.CrashSupervisor, FaultKind.Reload];

    private static readonly FaultKind[] AttachedOften = [.. Often.Where(kind => kind != FaultKind.Reload), FaultKind.PersonStops, FaultKind.PersonStarts, FaultKind.LoseConnection];

    public bool HasAttached => Specs.Any(spec => spec.Launch == LaunchMode.Attached);

    public static Scenario From(ulong seed)
    {
        var choices = new Choices(seed).Fork(1);

        // With days between faults, a probe each second would be all that a scenario does.
        var isSlow = choices.Chance(0.2);
        var interval = isSlow ? choices.Of(TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)) : choices.Of(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        var longest = isSlow ? TimeSpan.FromDays(3) : choices.Of(TimeSpan.FromMilliseconds(5), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20));
        var daemons = 1 + choices.Below(3);
        var isAttached = seed % AttachedEvery == AttachedEvery - 1;
        var faults = Enumerable.Range(0, 4 + choices.Below(24)).Select(number => new Fault(
            number,
            choices.Duration(TimeSpan.FromMicroseconds(1), longest),
            choices.Chance(0.4) ? choices.Of<FaultKind>(isAttached ? AttachedOften : Often) : choices.Of<FaultKind>(isAttached ? AttachedKinds : Kinds),
            choices.Below(daemons),
            choices.Next()));
        return new Scenario(
            seed,
            isAttached ? Attached(SpecsFrom(new Choices(seed).Fork(4), daemons), new Choices(seed).Fork(6)) : SpecsFrom(new Choices(seed).Fork(4), daemons),
            interval,
            choices.Of(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(2)),
            choices.Of(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(60)),
            choices.Of(TimeSpan.Zero, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(100)),
            new Choices(seed).Fork(5).Chance(0.15),
            [.. faults]);
    }

    /// <summary>The daemons: some depend on others before them, some are not started with the fleet, some are rolled back.</summary>
    private static List<DaemonSpec> SpecsFrom(Choices choices, int count)
    {
        var (depends, rollsBack) = (choices.Chance(0.5), choices.Chance(0.5));
        return
        [
            .. Enumerable.Range(0, count).Select(i => new DaemonSpec
            {
                Name = $"d{i}",
                Port = FirstPort + i,
                Command = "simulated",
                AutoStart = choices.Chance(0.85),
                Rollback = rollsBack,
                OnDependencyRestart = choices.Chance(0.3) ? DependencyRestart.Restart : DependencyRestart.Nothing,
                DependsOn =
                [
                    .. Enumerable.Range(0, i).Where(_ => depends && choices.Chance(0.7)).Select(other => new DaemonDependency
                    {
                        Name = $"d{other}",
                        Condition = choices.Chance(0.8) ? DependencyCondition.Verified : DependencyCondition.Started,
                    }),
                ],
            }),
        ];
    }

    /// <summary>Another program launches all of them, or some. Some write their own PID file.</summary>
    private static List<DaemonSpec> Attached(List<DaemonSpec> specs, Choices choices)
    {
        var (all, one) = (choices.Chance(0.5), choices.Below(specs.Count));
        return [.. specs.Select((spec, i) => all || i == one || choices.Chance(0.4) ? spec with { Launch = LaunchMode.Attached, PidFileWriter = choices.Of(PidFileWriter.Daemon, PidFileWriter.Launcher) } : spec)];
    }

    public Scenario With(IReadOnlySet<int> kept) => this with { Faults = [.. Faults.Where(f => kept.Contains(f.Number))] };
}
