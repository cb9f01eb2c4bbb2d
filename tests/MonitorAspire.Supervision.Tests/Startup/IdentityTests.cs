using System.Diagnostics;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Startup;

/// <summary>Which processes are ours and which are foreign, with right, wrong and missing PID files.</summary>
public sealed class IdentityTests : IAsyncDisposable
{
    private readonly EngineFixture _fixture = new();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Start_Again_ReportsAlreadyRunningAndKeepsTheProcess()
    {
        var spec = _fixture.Faulty();
        var first = await _fixture.StartAsync(spec);
        var second = await _fixture.StartOutcomeAsync(spec);

        Assert.Equal(StartupVerdict.AlreadyRunning, second.Report.Verdict);
        Assert.Equal(first.Pid, second.Report.Pid);
        Assert.Equal(first.Pid, second.Instance!.Pid);
        Assert.Equal(ExitCodes.Success, ExitCodes.For(second.Report));
    }

    [Fact]
    public async Task Start_AlreadyRunningButUnhealthy_IsNotSuccess()
    {
        var spec = _fixture.Faulty("--close-after", "1000");
        var first = await _fixture.StartAsync(spec);
        await Wait.UntilAsync(async () => (await _fixture.InspectAsync(spec)).Verdict == InspectionVerdict.Unhealthy, "the socket is closed");
        var second = await _fixture.StartAsync(spec);

        Assert.Equal(StartupReason.AlreadyRunning, second.Reason);
        Assert.Equal(StartupVerdict.Failed, second.Verdict);
        Assert.Equal(first.Pid, second.Pid);
        Assert.NotEqual(0, ExitCodes.For(second));
    }

    [Fact]
    public async Task Start_Force_ReplacesOurOwnInstance()
    {
        var spec = _fixture.Faulty();
        var first = await _fixture.StartAsync(spec);
        var second = await _fixture.StartAsync(spec, force: true);

        Assert.Equal(StartupVerdict.Verified, second.Verdict);
        Assert.NotEqual(first.Pid, second.Pid);
        Assert.Equal(ProcessPresence.Dead, ProcessTable.Current.Lookup(first.Pid!.Value).Presence);
    }

    [Fact]
    public async Task Start_ForceWhileASupervisorStartsItAgain_Succeeds()
    {
        var spec = _fixture.Faulty("--start-delay", "100");
        var last = (await _fixture.StartAsync(spec)).Pid;
        var supervisor = _fixture.NewEngine();
        using var ending = new CancellationTokenSource();
        var supervising = Task.Run(async () =>
        {
            while (!ending.IsCancellationRequested)
            {
                await supervisor.StartAsync(spec, new StartOptions { Timeout = Wait.Generous }, CancellationToken.None);
            }
        });

        for (var i = 0; i < 5; i++)
        {
            var replacing = await _fixture.StartAsync(spec, force: true);

            Assert.True(replacing.Serves, replacing.Detail);
            Assert.Equal(ExitCodes.Success, ExitCodes.For(replacing));
            Assert.NotEqual(last, replacing.Pid);
            last = replacing.Pid;
        }

        await ending.CancelAsync();
        await supervising;
    }

    [Theory]
    [InlineData(PidFileWriter.Daemon, "theirs", "ours", true)]
    [InlineData(PidFileWriter.Daemon, null, "ours", true)]
    [InlineData(PidFileWriter.Daemon, "ours", "ours", false)]
    [InlineData(PidFileWriter.Daemon, "theirs", null, false)]
    [InlineData(PidFileWriter.Launcher, "theirs", "ours", true)]
    [InlineData(PidFileWriter.Launcher, null, "ours", false)]
    [InlineData(PidFileWriter.Launcher, "ours", "ours", false)]
    public async Task Inspect_AttachedDaemonOfAnotherLauncher_IsForeignAndNamed(PidFileWriter writer, string? launchedBy, string? launcher, bool isForeign)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows the environment of a process.");
        var spec = _fixture.Faulty() with { Launch = LaunchMode.Attached };
        var instanceId = launchedBy is null ? null : InstanceRecord.NewInstanceId(spec.Port, launchedBy);

        // It is started without the engine, and registered by a supervisor that accepts every launcher.
        using var process = _fixture.Launch(spec, instanceId);
        try
        {
            await Wait.UntilAsync(() => _fixture.Engine.Register(spec, process.Id, restarts: 0) is not null, "registered");
            var told = new InspectOptions { Told = ProcessTable.Current.Identify(process.Id) };
            await Wait.UntilAsync(
                async () => (await _fixture.Engine.InspectAsync(spec, told, CancellationToken.None)).Verdict == InspectionVerdict.Running, "it serves");
            var engine = _fixture.NewEngine(launcher);

            var seen = await engine.InspectAsync(spec with { PidFileWriter = writer }, told, CancellationToken.None);

            Assert.Equal(isForeign ? InspectionVerdict.Foreign : InspectionVerdict.Running, seen.Verdict);
            Assert.Equal(isForeign ? null : process.Id, seen.Pid);

            // Without its launcher's word and without an id, nothing but the record names it.
            Assert.Equal(isForeign || launchedBy is null ? null : process.Id, engine.Attach(spec with { PidFileWriter = writer })?.Pid);
            Assert.Equal(isForeign, seen.Detail?.Contains($"PID {process.Id} (", StringComparison.Ordinal) == true);
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public async Task Start_ForceAgainstAForeignProcess_TouchesNothing()
    {
        var spec = _fixture.Faulty();
        using var server = new ForeignServer(spec.Port, System.Net.IPAddress.Loopback);
        var report = await _fixture.StartAsync(spec, force: true);

        Assert.Equal(StartupReason.PortInUse, report.Reason);
        Assert.Equal(Environment.ProcessId, report.Owner!.Pid);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    [InlineData(50)]
    public async Task Start_ManyStartersAtOnce_HaveExactlyOneWinner(int starters)
    {
        var spec = _fixture.Remember(_fixture.Faulty("--start-delay", "300"));
        var reports = await Task.WhenAll(Enumerable.Range(0, starters).Select(_ => Task.Run(
            () => _fixture.NewEngine().StartAsync(spec, new StartOptions { Timeout = Wait.Generous }, CancellationToken.None))));

        var winner = Assert.Single(reports, r => r.Report.Verdict == StartupVerdict.Verified);
        Assert.All(reports.Except([winner]), r => Assert.Equal(StartupVerdict.AlreadyRunning, r.Report.Verdict));
        Assert.All(reports, r => Assert.Equal(winner.Report.Pid, r.Report.Pid));
    }

    [Fact]
    public async Task Start_PortRange_NeverGivesTheSamePortTwice()
    {
        var first = FreePort.Consecutive(6);
        using var foreign = new ForeignServer(first, System.Net.IPAddress.Loopback);
        var reports = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => Task.Run(async () =>
        {
            var spec = _fixture.Faulty() with { Name = $"range-{i}", Port = first, PortRangeEnd = first + 5 };
            var report = await _fixture.StartAsync(spec);
            _fixture.Remember(spec with { Port = report.Port, PortRangeEnd = null });
            return report;
        })));

        Assert.All(reports, r => Assert.Equal(StartupVerdict.Verified, r.Verdict));
        Assert.Equal(Enumerable.Range(first + 1, 5), reports.Select(r => r.Port).Order());

        var full = await _fixture.StartAsync(_fixture.Faulty() with { Port = first, PortRangeEnd = first + 5 });
        Assert.Equal(StartupReason.PortInUse, full.Reason);
    }

    [Fact]
    public async Task Start_FleetOfTenInParallel_AllVerified()
    {
        var specs = Enumerable.Range(0, 10).Select(_ => _fixture.Faulty()).ToList();
        var reports = await Task.WhenAll(specs.Select(s => _fixture.StartAsync(s, timeoutSeconds: 60)));
        Assert.All(reports, r => Assert.Equal(StartupVerdict.Verified, r.Verdict));
        Assert.Equal(10, reports.Select(r => r.Pid).Distinct().Count());
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage\n")]
    [InlineData("-5\n")]
    [InlineData("0\n")]
    [InlineData("999999999\n")]
    [InlineData("4194305999999999999999\n")]
    public async Task Start_StalePidFile_IsReplacedAndNoted(string content)
    {
        var spec = _fixture.Faulty();
        Directory.CreateDirectory(_fixture.StateDirectory);
        await File.WriteAllTextAsync(_fixture.Files(spec.Port).PidFile, content);

        var report = await _fixture.StartAsync(spec);
        Assert.Equal(StartupVerdict.Verified, report.Verdict);
        Assert.Contains(report.Notes, n => n.Contains("stale", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_PidFileNamesAnUnrelatedLiveProcess_StartsAndNeverSignalsIt()
    {
        var spec = _fixture.Faulty();
        using var unrelated = Process.Start("sleep", "600");
        try
        {
            Directory.CreateDirectory(_fixture.StateDirectory);
            PidFile.Write(_fixture.Files(spec.Port).PidFile, unrelated.Id);

            // The old design killed the unrelated process here.
            Assert.Equal(StopVerdict.NotRunning, (await _fixture.StopAsync(spec)).Verdict);
            PidFile.Write(_fixture.Files(spec.Port).PidFile, unrelated.Id);
            Assert.Equal(InspectionVerdict.Dead, (await _fixture.InspectAsync(spec)).Verdict);
            Assert.Equal(StartupVerdict.Verified, (await _fixture.StartAsync(spec)).Verdict);
            Assert.Equal(StopVerdict.Stopped, (await _fixture.StopAsync(spec)).Verdict);
            Assert.False(unrelated.HasExited);
        }
        finally
        {
            unrelated.Kill();
        }
    }

    [Fact]
    public async Task Start_RecordNamesAPidThatWasUsedAgain_StartsAndNeverSignalsIt()
    {
        var spec = _fixture.Faulty();
        using var unrelated = Process.Start("sleep", "600");
        try
        {
            Directory.CreateDirectory(_fixture.StateDirectory);
            var table = ProcessTable.Current;
            var files = _fixture.Files(spec.Port);
            new InstanceRecord { Pid = unrelated.Id, StartTicks = 1, BootId = table.BootId, Port = spec.Port }.Write(files.InstanceFile);
            PidFile.Write(files.PidFile, unrelated.Id);

            Assert.Equal(StartupVerdict.Verified, (await _fixture.StartAsync(spec)).Verdict);
            Assert.False(unrelated.HasExited);
        }
        finally
        {
            unrelated.Kill();
        }
    }

    [Fact]
    public async Task Start_PidFileIsASymlink_IsReplacedAndItsTargetKept()
    {
        var spec = _fixture.Faulty();
        Directory.CreateDirectory(_fixture.StateDirectory);
        await File.WriteAllTextAsync(_fixture["target"], "target");
        File.CreateSymbolicLink(_fixture.Files(spec.Port).PidFile, _fixture["target"]);

        Assert.Equal(StartupVerdict.Verified, (await _fixture.StartAsync(spec)).Verdict);
        Assert.Equal("target", await File.ReadAllTextAsync(_fixture["target"]));
        Assert.Null(new FileInfo(_fixture.Files(spec.Port).PidFile).LinkTarget);
    }

    [Theory]
    [InlineData("lock")]
    [InlineData("log")]
    public async Task Start_AStateFileIsASymlink_IsRefused(string extension)
    {
        var spec = _fixture.Faulty();
        Directory.CreateDirectory(_fixture.StateDirectory);
        await File.WriteAllTextAsync(_fixture["target"], "target");
        var files = _fixture.Files(spec.Port);
        File.CreateSymbolicLink(extension == "lock" ? files.LockFile : files.LogFile, _fixture["target"]);

        Assert.Equal(StartupVerdict.Failed, (await _fixture.StartAsync(spec)).Verdict);
        Assert.Equal("target", await File.ReadAllTextAsync(_fixture["target"]));
    }

    [Fact]
    public async Task Start_PidFileIsADirectory_IsRefusedAndKept()
    {
        var spec = _fixture.Faulty();
        Directory.CreateDirectory(_fixture.Files(spec.Port).PidFile);

        Assert.Equal(StartupReason.InvalidConfiguration, (await _fixture.StartAsync(spec)).Reason);
        Assert.True(Directory.Exists(_fixture.Files(spec.Port).PidFile));
    }

    [Fact]
    public async Task Start_RightAfterKill9_StartsANewInstance()
    {
        // The killed process is a zombie for a moment: a child of this process that is not reaped yet.
        var spec = _fixture.Faulty();
        for (var round = 0; round < 5; round++)
        {
            var report = await _fixture.StartAsync(spec);
            Assert.True(report.Verdict == StartupVerdict.Verified, report.Detail);
            using var process = Process.GetProcessById(report.Pid!.Value);
            process.Kill();
        }
    }

    [Fact]
    public async Task Inspect_PidFileDeletedWhileRunning_StillSeesTheInstanceAndRepairs()
    {
        var spec = _fixture.Faulty();
        var outcome = await _fixture.StartOutcomeAsync(spec);
        File.Delete(_fixture.Files(spec.Port).PidFile);

        var seen = await _fixture.InspectAsync(spec);
        Assert.Equal(InspectionVerdict.Running, seen.Verdict);
        Assert.Equal(StartupReason.PidFileMissing, seen.Reason);
        Assert.Equal(outcome.Report.Pid, seen.Pid);

        Assert.NotNull(_fixture.Engine.RepairFiles(spec, outcome.Instance!));
        Assert.Equal("ok", (await _fixture.InspectAsync(spec)).PidFileState);

        File.Delete(_fixture.Files(spec.Port).PidFile);
        Assert.Equal(StopVerdict.Stopped, (await _fixture.StopAsync(spec)).Verdict);
        _fixture.AssertNothingLeft(spec, outcome.Report.Pid);
    }

    [Fact]
    public async Task Stop_RecordAndPidFileLost_FindsTheInstanceByItsLock()
    {
        var spec = _fixture.Faulty();
        var report = await _fixture.StartAsync(spec);
        File.Delete(_fixture.Files(spec.Port).PidFile);
        File.Delete(_fixture.Files(spec.Port).InstanceFile);

        Assert.Equal(report.Pid, (await _fixture.InspectAsync(spec)).Pid);
        Assert.Equal(StopVerdict.Stopped, (await _fixture.StopAsync(spec)).Verdict);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Fact]
    public async Task Stop_StateDirectoryRemovedWhileRunning_DoesNotTouchTheDaemonAndNamesIt()
    {
        var spec = _fixture.Faulty();
        var outcome = await _fixture.StartOutcomeAsync(spec);
        Directory.Delete(_fixture.StateDirectory, recursive: true);

        // No file proves that it is ours, so it is named and not touched.
        var stopped = await _fixture.StopAsync(spec);
        Assert.Equal(StopVerdict.Foreign, stopped.Verdict);
        Assert.Equal(outcome.Report.Pid, stopped.Owner!.Pid);

        // Its starter still has its handle, and can write its files again.
        Assert.NotNull(_fixture.Engine.RepairFiles(spec, outcome.Instance!));
        using var process = Process.GetProcessById(outcome.Report.Pid!.Value);
        process.Kill();
        await outcome.Instance!.Exited.WaitAsync(Wait.Generous);
    }

    [Fact]
    public async Task Start_DaemonThatForks_IsFollowedToItsChild()
    {
        var spec = _fixture.FaultyWithPidFile("--fork");
        var report = await _fixture.StartAsync(spec);

        Assert.True(report.Verdict == StartupVerdict.Verified, report.Detail);
        Assert.Equal($"{report.Pid}\n", await File.ReadAllTextAsync(report.PidFile!));
        Assert.Equal("lock", (await _fixture.InspectAsync(spec)).IdentityProof);
        Assert.Equal(StopVerdict.Stopped, (await _fixture.StopAsync(spec)).Verdict);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_DaemonThatLeavesSessionAndDescriptors_IsProvedByItsInstanceId(bool ownPidFile)
    {
        var spec = ownPidFile ? _fixture.FaultyWithPidFile("--daemonize") : _fixture.Faulty("--daemonize");
        var report = await _fixture.StartAsync(spec);

        Assert.True(report.Verdict == StartupVerdict.Verified, report.Detail);
        var seen = await _fixture.InspectAsync(spec);
        Assert.Equal(InspectionVerdict.Running, seen.Verdict);
        Assert.Equal("instance-id", seen.IdentityProof);
        Assert.Equal(StartupVerdict.AlreadyRunning, (await _fixture.StartAsync(spec)).Verdict);
        Assert.Equal(StopVerdict.Stopped, (await _fixture.StopAsync(spec)).Verdict);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Fact]
    public async Task Start_ForkThatFails_StopsTheChildToo()
    {
        var spec = _fixture.Faulty("--fork", "--silent");
        var report = await _fixture.StartAsync(spec, timeoutSeconds: 2);
        Assert.Equal(StartupReason.TimedOut, report.Reason);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Fact]
    public async Task Stop_ChildThatIgnoresSigterm_IsKilled()
    {
        var spec = _fixture.Faulty("--ignore-term");
        var report = await _fixture.StartAsync(spec);
        var stopped = await _fixture.Engine.StopAsync(spec, new StopOptions { GracePeriod = TimeSpan.FromMilliseconds(300) }, CancellationToken.None);

        Assert.Equal(StopVerdict.Stopped, stopped.Verdict);
        Assert.True(stopped.Killed);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Fact]
    public async Task Stop_LeakedGrandchildren_AreStoppedWithTheTree()
    {
        var spec = _fixture.Faulty("--leak");
        var outcome = await _fixture.StartOutcomeAsync(spec);
        using (var process = Process.GetProcessById(outcome.Report.Pid!.Value))
        {
            process.Kill();
        }

        await outcome.Instance!.Exited.WaitAsync(Wait.Generous);
        var holders = ProcessTable.Current.LockHolders(_fixture.Files(spec.Port).LockFile);
        var leaked = Assert.Single(holders);

        var refused = await _fixture.StartAsync(spec, timeoutSeconds: 0.5);
        Assert.Equal(StartupReason.LockUnavailable, refused.Reason);
        Assert.Contains($"{leaked}", refused.Detail, StringComparison.Ordinal);

        Assert.Equal(StopVerdict.Stopped, (await _fixture.Engine.StopAsync(spec, new StopOptions { GracePeriod = TimeSpan.FromMilliseconds(200) }, CancellationToken.None)).Verdict);
        Assert.Equal(ProcessPresence.Dead, ProcessTable.Current.Lookup(leaked).Presence);
        _fixture.AssertNothingLeft(spec, outcome.Report.Pid);
    }

    [Fact]
    public async Task Attach_WithAnotherEngine_GivesTheSameInstanceAndItsExit()
    {
        var spec = _fixture.Faulty();
        var outcome = await _fixture.StartOutcomeAsync(spec);
        var attached = _fixture.NewEngine().Attach(spec);

        Assert.Equal(outcome.Instance!.Identity, attached!.Identity);
        await _fixture.StopAsync(spec);
        await attached.Exited.WaitAsync(Wait.Generous);
        Assert.Null(_fixture.NewEngine().Attach(spec));
    }

    [Fact]
    public async Task Start_StopRepeatedly_IsAlwaysRight()
    {
        var spec = _fixture.Faulty();
        for (var i = 0; i < 15; i++)
        {
            var report = await _fixture.StartAsync(spec);
            Assert.True(report.Verdict == StartupVerdict.Verified, report.Detail);
            Assert.Equal(StopVerdict.Stopped, (await _fixture.StopAsync(spec)).Verdict);
            _fixture.AssertNothingLeft(spec, report.Pid);
        }
    }

    [Fact]
    public async Task Start_LegacyPidFileOfADeadProcess_IsRemoved()
    {
        var spec = _fixture.Faulty();
        Directory.CreateDirectory(_fixture.StateDirectory);
        await File.WriteAllTextAsync(DaemonFiles.LegacyPidFile(_fixture.StateDirectory), "999999999\n");

        var report = await _fixture.StartAsync(spec);
        Assert.Equal(StartupVerdict.Verified, report.Verdict);
        Assert.False(File.Exists(DaemonFiles.LegacyPidFile(_fixture.StateDirectory)));
    }

    [Fact]
    public async Task Start_LegacyPidFileOfTheProcessOnThePort_BecomesThatPortsFile()
    {
        var spec = _fixture.Faulty();
        using var server = new ForeignServer(spec.Port, System.Net.IPAddress.Loopback);
        Directory.CreateDirectory(_fixture.StateDirectory);
        await File.WriteAllTextAsync(DaemonFiles.LegacyPidFile(_fixture.StateDirectory), $"{Environment.ProcessId}\n");
        await File.WriteAllTextAsync(DaemonFiles.LegacyLogFile(_fixture.StateDirectory), "old line\n");

        var report = await _fixture.StartAsync(spec);
        Assert.Equal(StartupReason.PortInUse, report.Reason);
        Assert.Equal($"{Environment.ProcessId}\n", await File.ReadAllTextAsync(_fixture.Files(spec.Port).PidFile));
        Assert.Equal("old line\n", await File.ReadAllTextAsync(_fixture.Files(spec.Port).LogFile));
        Assert.False(File.Exists(DaemonFiles.LegacyPidFile(_fixture.StateDirectory)));
    }

    [Fact]
    public async Task Start_LegacyPidFileOfAnUnrelatedProcess_StaysAndIsReported()
    {
        var spec = _fixture.Faulty();
        Directory.CreateDirectory(_fixture.StateDirectory);
        await File.WriteAllTextAsync(DaemonFiles.LegacyPidFile(_fixture.StateDirectory), $"{Environment.ProcessId}\n");

        var report = await _fixture.StartAsync(spec);
        Assert.Equal(StartupVerdict.Verified, report.Verdict);
        Assert.True(File.Exists(DaemonFiles.LegacyPidFile(_fixture.StateDirectory)));
        Assert.Contains(report.Notes, n => n.Contains("legacy", StringComparison.Ordinal));
    }
}
