using System.Diagnostics;
using System.Globalization;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Tests.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Fleet;

/// <summary>
/// The same many times, and many at once. MONITOR_STRESS is the percentage of the full stress (default 2, so that a developer's run stays short).
/// After each part no process, port, lock or file is left, and this process holds no more than before.
/// </summary>
[Collection(nameof(AloneInTheProcess))]
public sealed class RealStressTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    private readonly Soak _soak;

    public RealStressTests(ITestOutputHelper output)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks at /proc");
        _soak = new Soak(output, $"stress {TestContext.Current.TestMethod?.MethodName}");
    }

    [Fact]
    public async Task StartAndStop_ManyTimesOnOnePort_LeavesNothing()
    {
        await using var fixture = new EngineFixture();
        var spec = fixture.FaultyWithPidFile();
        var cycles = Part(1000, least: 5);
        await CycleAsync();
        var before = ResourceUse.Now();

        for (var i = 0; i < cycles; i++)
        {
            var pid = await CycleAsync();
            fixture.AssertNothingLeft(spec, pid);
        }

        _soak.Report($"{cycles} starts and stops on one port; before: {before}; after: {await ResourceUse.NoMoreThanAsync(before)}");

        async Task<int?> CycleAsync()
        {
            var report = await fixture.StartAsync(spec);
            Assert.True(report.Verdict == StartupVerdict.Verified, report.Detail);
            Assert.Equal(StopVerdict.Stopped, (await fixture.StopAsync(spec)).Verdict);
            return report.Pid;
        }
    }

    [Fact]
    public async Task Start_ManyAtOnceOnOnePort_StartsOne()
    {
        const int Starters = 50;
        await using var fixture = new EngineFixture();
        var spec = fixture.FaultyWithPidFile();
        var rounds = Part(20, least: 1);
        await RoundAsync();
        var before = ResourceUse.Now();

        for (var i = 0; i < rounds; i++)
        {
            await RoundAsync();
        }

        _soak.Report($"{rounds} rounds of {Starters} starters; before: {before}; after: {await ResourceUse.NoMoreThanAsync(before)}");

        async Task RoundAsync()
        {
            var reports = await Task.WhenAll(Enumerable.Range(0, Starters).Select(_ => Task.Run(async () =>
                (await fixture.NewEngine().StartAsync(spec, new StartOptions { Timeout = Wait.Generous }, CancellationToken.None)).Report)));
            var verified = Assert.Single(reports, r => r.Verdict == StartupVerdict.Verified);
            Assert.All(reports, r => Assert.True(r.Pid == verified.Pid && r.Verdict is StartupVerdict.Verified or StartupVerdict.AlreadyRunning, $"{r.Verdict} PID {r.Pid}: {r.Detail}"));
            Assert.Equal(StopVerdict.Stopped, (await fixture.StopAsync(spec)).Verdict);
            fixture.AssertNothingLeft(spec, verified.Pid);
        }
    }

    [Fact]
    public async Task KilledAndSuspended_ManyTimes_EveryDaemonIsReplaced()
    {
        var (kills, suspensions) = (Part(500, least: 8), Part(500, least: 8));
        var daemons = Math.Min(16, kills / 2);
        await RunAsync(2, 4);
        var before = ResourceUse.Now();

        await RunAsync(daemons, kills + suspensions);

        _soak.Report($"{kills} SIGKILL and {suspensions} SIGSTOP on {daemons} daemons; before: {before}; after: {await ResourceUse.NoMoreThanAsync(before)}");

        Task RunAsync(int count, int faults)
        {
            var begun = 0;
            return WithFleetAsync(count, running => Task.WhenAll(running.Fleet.Daemons.Select((d, i) => StrikeAsync(running.Fleet, d.Name, new Random(_soak.Seed + i)))));

            async Task StrikeAsync(FleetSupervisor fleet, string name, Random random)
            {
                while (Interlocked.Increment(ref begun) is var number && number <= faults)
                {
                    var pid = fleet.Find(name)!.Pid!.Value;
                    RealFleetFixture.Signal(pid, number % 2 == 0 ? "KILL" : "STOP");
                    await Wait.UntilAsync(() => Task.FromResult(fleet.Find(name) is { State: DaemonState.Running } daemon && daemon.Pid != pid), $"another process than {pid} for {name}", Long);
                    await Task.Delay(random.Next(50));
                }
            }
        }
    }

    [Fact]
    public async Task KilledAllAtOnce_ManyDaemons_AllRunAgain()
    {
        var count = Part(200, least: 8);
        await RunAsync(2);
        var before = ResourceUse.Now();

        await RunAsync(count);

        _soak.Report($"{count} daemons killed at once; before: {before}; after: {await ResourceUse.NoMoreThanAsync(before)}");

        Task RunAsync(int daemons) => WithFleetAsync(daemons, async running =>
        {
            var pids = running.Fleet.Daemons.Select(d => d.Pid!.Value).ToList();
            RealFleetFixture.Signal(pids, "KILL");
            await Wait.UntilAsync(
                () => Task.FromResult(running.Fleet.Daemons.All(d => d is { State: DaemonState.Running, ProbeFailures: 0 } && !pids.Contains(d.Pid!.Value))), "all daemons run again", Long);
            Assert.All(running.Fleet.Daemons, d => Assert.Equal([d.Pid!.Value], running.Fixture.ProcessesOf(d.Port)));
        });
    }

    [Fact]
    public async Task DiskFull_ManyTimes_RecoversWithSpace()
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root can mount a small file system");
        var rounds = Part(20, least: 1);
        await RunAsync(1);
        var before = ResourceUse.Now();

        await RunAsync(rounds);

        _soak.Report($"{rounds} times a full disk; before: {before}; after: {await ResourceUse.NoMoreThanAsync(before)}");

        Task RunAsync(int times) => WithFleetAsync(2, smallDisk: true, run: async running =>
        {
            var (fixture, fleet) = running;
            for (var i = 0; i < times; i++)
            {
                var filler = Path.Combine(fixture.StateDirectory, "filler");
                RealFleetFixture.FillUp(filler);
                var pids = fleet.Daemons.Select(d => d.Pid!.Value).ToList();
                var earlier = fleet.Daemons[0].LastFailure?.At;
                RealFleetFixture.Signal(pids[0], "KILL");
                await Wait.UntilAsync(() => fleet.Daemons[0].LastFailure is { } failure && failure.At != earlier && failure.Detail?.Contains("space", StringComparison.OrdinalIgnoreCase) == true, "the full disk is named");
                Assert.Equal(pids[1], fleet.Daemons[1].Pid);
                File.Delete(filler);
                await RealFleetFixture.AllRunAsync(fleet);
                Assert.NotEqual(pids[0], fleet.Daemons[0].Pid);
                Assert.Equal(pids[1], fleet.Daemons[1].Pid);
            }
        });
    }

    [Fact]
    public async Task NoDescriptors_ManyTimes_RecoversWithThem()
    {
        var rounds = Part(20, least: 1);
        await using var fixture = new RealFleetFixture(2);
        await using var supervisor = fixture.NewSupervisor();
        await RunAsync();
        var first = Descriptors();

        for (var i = 0; i < rounds; i++)
        {
            var before = supervisor.Running();
            Limit(3);
            RealFleetFixture.Signal(before[RealFleetFixture.Name(fixture.FirstPort)], "KILL");

            // It cannot start a process, and says so.
            var events = supervisor.Events.Count;
            await Wait.UntilAsync(() => supervisor.Events.Skip(events).Any(e => e[0] == nameof(FleetEventKind.StartFailed)), "a start that fails");
            Limit(1024);
            await RunAsync();
            var after = supervisor.Running();
            Assert.NotEqual(before[RealFleetFixture.Name(fixture.FirstPort)], after[RealFleetFixture.Name(fixture.FirstPort)]);
            Assert.Equal(before[RealFleetFixture.Name(fixture.FirstPort + 1)], after[RealFleetFixture.Name(fixture.FirstPort + 1)]);
        }

        // The runtime keeps one or the other descriptor that it opened late.
        await Wait.UntilAsync(() => Descriptors() <= first + 4, $"no more than {first} descriptors");
        _soak.Report($"{rounds} times without descriptors; the supervisor had {first} and has {Descriptors()}");
        await supervisor.EndAsync();
        fixture.AssertNothingLeftOver();

        Task RunAsync() => Wait.UntilAsync(() => supervisor.Running().Count == fixture.Ports.Count, "all daemons run");

        int Descriptors() => Directory.GetFileSystemEntries($"/proc/{supervisor.Pid}/fd").Length;

        void Limit(int soft)
        {
            using var prlimit = Process.Start("prlimit", [string.Create(CultureInfo.InvariantCulture, $"--pid={supervisor.Pid}"), string.Create(CultureInfo.InvariantCulture, $"--nofile={soft}:")]);
            prlimit.WaitForExit();
            Assert.Equal(0, prlimit.ExitCode);
        }
    }

    /// <summary>The share of the full stress that is asked for.</summary>
    private static int Part(int full, int least) => Math.Max(least, full * (Soak.Number("MONITOR_STRESS") ?? 2) / 100);

    // Many daemons are probed less often: a busy machine has to answer all probes in time, or some daemon always has a failed one.
    private static ProbePolicy ProbeOf(int count)
    {
        var interval = TimeSpan.FromMilliseconds(Math.Max(500, 25 * count));
        return new ProbePolicy { Interval = interval, Timeout = interval };
    }

    /// <summary>Runs a fleet until all its daemons are verified, does something to it and ends it.</summary>
    private static async Task WithFleetAsync(int count, Func<(RealFleetFixture Fixture, FleetSupervisor Fleet), Task> run, bool smallDisk = false)
    {
        await using var fixture = new RealFleetFixture(count, smallDisk: smallDisk);
        await using (var fleet = fixture.NewFleet(new FleetOptions
        {
            StateDirectory = fixture.StateDirectory,
            StartTimeout = Long,
            StopGracePeriod = TimeSpan.FromSeconds(1),
            Probe = ProbeOf(count),

            // Nothing here is a crash loop.
            Restart = new RestartPolicy { Budget = 1000, MaxDelay = TimeSpan.FromMilliseconds(200) },
        }))
        {
            await fleet.BeginAsync();
            await Wait.UntilAsync(() => Task.FromResult(fleet.Daemons.All(d => d is { State: DaemonState.Running, ProbeFailures: 0 })), "all daemons run", Long);
            await run((fixture, fleet));
        }

        fixture.AssertNothingLeftOver();
    }
}

/// <summary>Tests that compare what the whole process holds. No other test runs meanwhile.</summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
#pragma warning disable CA1711, CA1515 // xUnit wants it public.
public sealed class AloneInTheProcess;
#pragma warning restore CA1711, CA1515
