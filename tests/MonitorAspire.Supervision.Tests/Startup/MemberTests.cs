using System.Diagnostics;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Diagnosis;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Tests.Identity;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Startup;

/// <summary>Servers with workers that erase their environment, go into the background, hand over, or lose their main process.</summary>
public sealed class MemberTests : IAsyncDisposable
{
    private readonly EngineFixture _fixture = new();

    public MemberTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows locks, sessions and environments.");

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Theory]
    [InlineData]
    [InlineData("--leave-session")]
    [InlineData("--close-lock")]
    [InlineData("--close-lock", "--leave-session")]
    public async Task Stop_WorkersWithoutEnvironmentThatIgnoreSigterm_AreKilled(params string[] options)
    {
        var spec = Prefork(["--ignore-term", .. options]);
        var report = await _fixture.StartAsync(spec);
        Assert.True(report.Verdict == StartupVerdict.Verified, report.Detail);
        await AllWorkersAsync(spec, 2);

        var stopped = await _fixture.Engine.StopAsync(spec, new StopOptions { GracePeriod = TimeSpan.FromMilliseconds(300) }, CancellationToken.None);

        Assert.Equal(StopVerdict.Stopped, stopped.Verdict);
        Assert.True(stopped.Killed);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Fact]
    public async Task Inspect_MainProcessWithoutLockAndEnvironment_IsProvedByItsSession()
    {
        var spec = Prefork("--close-lock");
        var report = await _fixture.StartAsync(spec);
        await Wait.UntilAsync(() => !ProcessTable.Current.HoldsLock(report.Pid!.Value, _fixture.Files(spec.Port).LockFile), "the lock is closed");

        var seen = await _fixture.InspectAsync(spec);

        Assert.Equal((InspectionVerdict.Running, report.Pid, "session"), (seen.Verdict, seen.Pid, seen.IdentityProof));
    }

    [Fact]
    public async Task Start_MainProcessWasKilled_NamesTheWorkersAndForceReplacesThem()
    {
        var spec = Prefork("--leave-session", "--ignore-term");
        var outcome = await _fixture.StartOutcomeAsync(spec);
        var workers = await AllWorkersAsync(spec, 2);
        await KillAsync(outcome.Instance!);

        var seen = await _fixture.InspectAsync(spec);
        var refused = await _fixture.StartAsync(spec, timeoutSeconds: 2);
        var replaced = await _fixture.StartAsync(spec, force: true);

        Assert.Equal(StartupReason.LockUnavailable, seen.Reason);
        Assert.Equal(StartupReason.LockUnavailable, refused.Reason);
        Assert.All(workers, pid => Assert.Contains($"PID {pid} (", refused.Detail, StringComparison.Ordinal));
        Assert.True(replaced.Verdict == StartupVerdict.Verified, replaced.Detail);
        Assert.All(workers, pid => Assert.Equal(ProcessPresence.Dead, ProcessTable.Current.Lookup(pid).Presence));
    }

    [Fact]
    public async Task Start_MainProcessWasKilledAndOrphansAreToBeStopped_StopsThemFirst()
    {
        var spec = Prefork("--leave-session", "--ignore-term");
        var outcome = await _fixture.StartOutcomeAsync(spec);
        var workers = await AllWorkersAsync(spec, 2);
        await KillAsync(outcome.Instance!);

        // What cannot start ends nothing that serves.
        var options = new StartOptions { StopOrphans = true, StopGracePeriod = TimeSpan.FromMilliseconds(200) };
        var refused = (await _fixture.Engine.StartAsync(spec with { Command = "no-such-command" }, options, CancellationToken.None)).Report;
        Assert.Equal(StartupReason.CommandNotFound, refused.Reason);
        Assert.All(workers, pid => Assert.Equal(ProcessPresence.Alive, ProcessTable.Current.Lookup(pid).Presence));

        var report = (await _fixture.Engine.StartAsync(spec, options, CancellationToken.None)).Report;

        Assert.True(report.Verdict == StartupVerdict.Verified, report.Detail);
        Assert.All(workers, pid => Assert.Contains(report.Notes, n => n.Contains($"PID {pid} (", StringComparison.Ordinal)));
        Assert.All(workers, pid => Assert.Equal(ProcessPresence.Dead, ProcessTable.Current.Lookup(pid).Presence));
    }

    [Fact]
    public async Task Start_WrapperWasKilledAndItsChildHasClosedTheLock_NamesTheChildAndStopsItFirst()
    {
        // As npm does it: node closes the lock, serves, and outlives npm.
        var server = Path.Combine(AppContext.BaseDirectory, "prefork.py");
        var spec = _fixture.Spec("sh", "-c", $"python3 {server} --port {{port}} --workers 1 3>&-; exit 1");
        var outcome = await _fixture.StartOutcomeAsync(spec);
        Assert.True(outcome.Report.Verdict == StartupVerdict.Verified, outcome.Report.Detail);
        Assert.Equal([outcome.Instance!.Pid], ProcessTable.Current.LockHolders(_fixture.Files(spec.Port).LockFile));
        var tree = new InstanceTree(ProcessTable.Current);
        var id = InstanceRecord.Read(_fixture.Files(spec.Port).InstanceFile)!.InstanceId;
        var child = tree.Members(new InstanceSigns(null, id, _fixture.Files(spec.Port).LockFile)).Single(p => p.ParentPid == outcome.Instance.Pid);
        await KillAsync(outcome.Instance);

        var seen = await _fixture.InspectAsync(spec);
        var refused = await _fixture.StartAsync(spec);
        var started = await _fixture.Engine.StartAsync(spec, new StartOptions { StopOrphans = true }, CancellationToken.None);

        Assert.Equal((InspectionVerdict.Unhealthy, StartupReason.PortInUse), (seen.Verdict, seen.Reason));
        Assert.Equal(StartupReason.LockUnavailable, refused.Reason);
        Assert.All([seen.Detail, refused.Detail], text => Assert.Contains($"PID {child.Pid} (", text, StringComparison.Ordinal));
        Assert.True(started.Report.Verdict == StartupVerdict.Verified, started.Report.Detail);
        Assert.False(ProcessTable.Current.IsAlive(child.Identity));
    }

    [Fact]
    public async Task Start_OnlyOneWorkerOfADeadMasterIsLeft_IsNoSuccessorAndIsStoppedFirst()
    {
        var spec = Prefork("--workers", "1");
        var outcome = await _fixture.StartOutcomeAsync(spec);
        var worker = Assert.Single(await AllWorkersAsync(spec, 1));
        await KillAsync(outcome.Instance!);

        Assert.Null(Successor.Find(_fixture.Engine, spec, outcome.Instance!, ProcessExit.Unknown));
        var started = (await _fixture.Engine.StartAsync(spec, new StartOptions { StopOrphans = true }, CancellationToken.None)).Report;

        Assert.Equal(StartupVerdict.Verified, started.Verdict);
        Assert.NotEqual(worker, started.Pid);
        Assert.Equal(ProcessPresence.Dead, ProcessTable.Current.Lookup(worker).Presence);
    }

    [Fact]
    public async Task Start_AnotherStartOfItWasKilled_WaitsUntilItServes()
    {
        var mood = _fixture["mood"];
        var spec = _fixture.Faulty("--mood", mood);
        var report = await _fixture.StartAsync(spec);
        await File.WriteAllTextAsync(mood, "503");
        var file = _fixture.Files(spec.Port).InstanceFile;
        using var launcher = PythonProcess.Start("print('ready', flush=True)");
        var dead = ProcessTable.Current.Identify(launcher.Pid)!.Value;
        Signal(launcher.Pid, 9);
        await Wait.UntilAsync(() => !ProcessTable.Current.IsAlive(dead), "the end of the launcher");
        (InstanceRecord.Read(file)! with { VerifiedAt = null, StartedAt = DateTimeOffset.UtcNow, LauncherPid = dead.Pid, LauncherStartTicks = dead.StartTicks }).Write(file);

        var again = _fixture.StartAsync(spec);
        await Assert.ThrowsAsync<TimeoutException>(() => again.WaitAsync(TimeSpan.FromSeconds(2)));
        File.Delete(mood);

        Assert.Equal((StartupVerdict.AlreadyRunning, report.Pid), (await again) is var found ? (found.Verdict, found.Pid) : default);
    }

    [Fact]
    public async Task Start_ServerInTheForegroundIsNotHealthy_SaysNothingAboutTheBackground()
    {
        var report = await _fixture.StartUntilAsync(_fixture.Faulty("--status", "503"), StartupStage.Health, StartupReason.HealthStatus);

        Assert.Equal(StartupReason.HealthStatus, report.Reason);
        Assert.DoesNotContain("background", report.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_MainProcessHandedOverWithoutASupervisor_IsHealthyAndTheDoctorWritesThePidFile()
    {
        var spec = Prefork();
        var outcome = await _fixture.StartOutcomeAsync(spec);
        var old = outcome.Instance!;
        Signal(old.Pid, 12);
        await AllWorkersAsync(spec, 4);
        Signal(old.Pid, 3);
        await old.Exited.WaitAsync(Wait.Generous);
        await AllWorkersAsync(spec, 2);

        var seen = await _fixture.InspectAsync(spec);

        Assert.Equal((InspectionVerdict.Running, null, "stale"), (seen.Verdict, seen.Reason, seen.PidFileState));
        Assert.NotEqual(old.Pid, seen.Pid);
        Assert.Contains($"PID {old.Pid} has ended and PID {seen.Pid} took over", seen.Detail, StringComparison.Ordinal);
        await new Doctor(new EngineOptions { StateDirectory = _fixture.StateDirectory }).ExamineAsync(fix: true, CancellationToken.None);
        Assert.Equal((InspectionVerdict.Running, seen.Pid, "ok"), await _fixture.InspectAsync(spec) is var after ? (after.Verdict, after.Pid, after.PidFileState) : default);
    }

    [Theory]
    [InlineData]
    [InlineData("--pid-file", "{pidfile}")]
    public async Task Start_DaemonThatForksTwiceAndErasesItsEnvironment_IsFollowed(params string[] options)
    {
        var spec = Prefork(["--daemonize", .. options]);
        var report = await _fixture.StartAsync(spec);

        Assert.True(report.Verdict == StartupVerdict.Verified, report.Detail);
        Assert.Equal($"{report.Pid}\n", await File.ReadAllTextAsync(report.PidFile!));
        Assert.Equal(report.Pid, InstanceRecord.Read(_fixture.Files(spec.Port).InstanceFile)!.Pid);
        Assert.Contains(report.Notes, n => n.Contains("went into the background", StringComparison.Ordinal));
        Assert.Equal("lock", (await _fixture.InspectAsync(spec)).IdentityProof);
        Assert.Equal(StopVerdict.Stopped, (await _fixture.StopAsync(spec)).Verdict);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Fact]
    public async Task Start_DaemonInTheBackgroundThatNeverServes_IsStoppedAndTheMessageSaysHowToKeepItInTheForeground()
    {
        var spec = Prefork("--daemonize", "--silent");
        var report = await _fixture.StartAsync(spec, timeoutSeconds: 2);

        Assert.Equal(StartupReason.TimedOut, report.Reason);
        Assert.Contains("in the foreground", report.Detail, StringComparison.Ordinal);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Fact]
    public async Task Find_MainProcessHandedOver_IsTheNewOneWithItsFiles()
    {
        var spec = Prefork();
        var outcome = await _fixture.StartOutcomeAsync(spec);
        var old = outcome.Instance!;
        var before = InstanceRecord.Read(_fixture.Files(spec.Port).InstanceFile)!;
        Signal(old.Pid, 12);
        await AllWorkersAsync(spec, 4);
        Signal(old.Pid, 3);
        var exit = await old.Exited.WaitAsync(Wait.Generous);

        var next = Successor.Find(_fixture.Engine, spec, old, exit);

        Assert.NotNull(next);
        Assert.NotEqual(old.Pid, next.Pid);
        var after = InstanceRecord.Read(_fixture.Files(spec.Port).InstanceFile)!;
        Assert.Equal((next.Identity, before.InstanceId, before.VerifiedAt, before.RestartCount), (after.Identity, after.InstanceId, after.VerifiedAt, after.RestartCount));
        var seen = await _fixture.InspectAsync(spec);
        Assert.Equal((InspectionVerdict.Running, next.Pid, "ok"), (seen.Verdict, seen.Pid, seen.PidFileState));
        Assert.Equal(StopVerdict.Stopped, (await _fixture.StopAsync(spec)).Verdict);
        _fixture.AssertNothingLeft(spec, next.Pid);
    }

    [Fact]
    public async Task Find_MainProcessWasKilled_IsNone()
    {
        var spec = Prefork();
        var outcome = await _fixture.StartOutcomeAsync(spec);
        await AllWorkersAsync(spec, 2);

        Assert.Null(Successor.Find(_fixture.Engine, spec, outcome.Instance!, await KillAsync(outcome.Instance!)));

        // Another supervisor is not its parent and cannot tell how it ended. Its two workers, which have no workers of their own, took nothing over.
        Assert.Null(Successor.Find(_fixture.Engine, spec, outcome.Instance!, ProcessExit.Unknown));
    }

    [Theory]
    [InlineData(StopMode.Tree, TerminationSignal.SIGTERM, true)]
    [InlineData(StopMode.Main, TerminationSignal.SIGQUIT, false)]
    public async Task Stop_Mode_DecidesWhetherTheWorkersAreSignalled(StopMode mode, TerminationSignal signal, bool areSignalled)
    {
        var noted = _fixture["noted"];
        var spec = _fixture.Remember(Prefork("--note-term", noted, "--ignore-term") with { StopMode = mode, StopSignal = signal });
        var report = await _fixture.StartAsync(spec);
        await AllWorkersAsync(spec, 2);

        // After SIGQUIT the main process ends its workers by another signal. What it was started with counts, and not the caller's specification.
        var stopped = await _fixture.Engine.StopAsync(
            spec with { StopMode = StopMode.Tree, StopSignal = TerminationSignal.SIGTERM }, new StopOptions { GracePeriod = mode == StopMode.Main ? Wait.Generous : TimeSpan.FromSeconds(1) }, CancellationToken.None);

        Assert.Equal(StopVerdict.Stopped, stopped.Verdict);
        Assert.Equal(areSignalled, File.Exists(noted));
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Fact]
    public async Task Stop_ModeMainAndAMainProcessThatLeavesItsWorkers_KillsThem()
    {
        var spec = _fixture.Remember(Prefork() with { StopMode = StopMode.Main, StopSignal = TerminationSignal.SIGKILL });
        var report = await _fixture.StartAsync(spec);
        await AllWorkersAsync(spec, 2);

        var stopped = await _fixture.Engine.StopAsync(spec, new StopOptions { GracePeriod = TimeSpan.FromMilliseconds(300) }, CancellationToken.None);

        Assert.Equal((StopVerdict.Stopped, true, 3), (stopped.Verdict, stopped.Killed, stopped.ProcessesSignalled));
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Fact]
    public async Task Stop_ProcessThatOnlyTheLockShows_IsAskedToEndAndACleanUpIsNot()
    {
        // It has another parent, another session and an empty environment. The main process ends only after it, and after its clean-up.
        const string Server = """
            import http.server, os, signal, subprocess, sys, time
            port, noted = int(sys.argv[1]), sys.argv[2]
            escaped = '''
            import os, signal, sys
            def note(*_):
                os.mkdir(sys.argv[1])
                os._exit(0)
            signal.signal(signal.SIGTERM, note)
            os.mkdir(sys.argv[1] + ".ready")
            while True:
                signal.pause()
            '''
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.execve(sys.executable, [sys.executable, "-c", escaped, noted], {})
                os._exit(0)
            os.wait()
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200 if os.path.exists(noted + ".ready") else 503)
                    self.end_headers()
            def end(*_):
                clean_up = subprocess.Popen(["sleep", "1"])
                while not os.path.exists(noted):
                    time.sleep(0.01)
                os._exit(0 if clean_up.wait() == 0 else 3)
            signal.signal(signal.SIGTERM, end)
            http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
            """;
        var spec = _fixture.Spec("python3", "-c", Server, "{port}", _fixture["noted"]);
        var outcome = await _fixture.StartOutcomeAsync(spec);
        Assert.True(outcome.Report.Verdict == StartupVerdict.Verified, outcome.Report.Detail);
        var file = _fixture.Files(spec.Port).InstanceFile;
        (InstanceRecord.Read(file)! with { ControlGroup = null }).Write(file);

        var stopped = await _fixture.Engine.StopAsync(spec, new StopOptions { GracePeriod = Wait.Generous }, CancellationToken.None);

        Assert.Equal((StopVerdict.Stopped, false, 2), (stopped.Verdict, stopped.Killed, stopped.ProcessesSignalled));
        Assert.Equal(0, (await outcome.Instance!.Exited.WaitAsync(Wait.Generous)).ExitCode);
        _fixture.AssertNothingLeft(spec, outcome.Report.Pid);
    }

    [Fact]
    public async Task Stop_Signal_IsTheDefinitions()
    {
        var spec = _fixture.Remember(Prefork() with { StopSignal = TerminationSignal.SIGQUIT, StopMode = StopMode.Main });
        var outcome = await _fixture.StartOutcomeAsync(spec);
        var stopped = await _fixture.Engine.StopAsync(spec, new StopOptions { GracePeriod = Wait.Generous }, CancellationToken.None);

        Assert.Equal((StopVerdict.Stopped, false), (stopped.Verdict, stopped.Killed));
        Assert.Equal(0, (await outcome.Instance!.Exited.WaitAsync(Wait.Generous)).ExitCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Record_NamesALivingProcessThatIsNotOurs_IsNotBelieved(bool ownSession)
    {
        var spec = _fixture.Spec("sleep", "600");
        using var unrelated = PythonProcess.Start($"import os\n{(ownSession ? "os.setsid()" : "")}\nprint('ready', flush=True)");
        var identity = ProcessTable.Current.Identify(unrelated.Pid)!.Value;
        StateDirectory.Create(_fixture.StateDirectory);
        var files = _fixture.Files(spec.Port);
        new InstanceRecord
        {
            InstanceId = InstanceRecord.NewInstanceId(spec.Port),
            Port = spec.Port,
            Command = ["sleep"],
            VerifiedAt = DateTimeOffset.UnixEpoch,
        }.With(identity).Write(files.InstanceFile);
        PidFile.Write(files.PidFile, unrelated.Pid);

        var seen = await _fixture.InspectAsync(spec);
        Assert.Equal((InspectionVerdict.Dead, (int?)null), (seen.Verdict, seen.Pid));
        Assert.Null(_fixture.Engine.Attach(spec));
        Assert.Equal(StopVerdict.NotRunning, (await _fixture.StopAsync(spec)).Verdict);
        var faulty = _fixture.Faulty() with { Port = spec.Port };
        Assert.Equal(StartupVerdict.Verified, (await _fixture.StartAsync(faulty, force: true)).Verdict);
        Assert.True(ProcessTable.Current.IsAlive(identity));
    }

    [Theory]
    [InlineData("LOCK_SH")]
    [InlineData("LOCK_EX")]
    public async Task Start_LockTakenByAnotherProgram_NamesItAndTouchesNothing(string kind)
    {
        var spec = _fixture.Faulty();
        StateDirectory.Create(_fixture.StateDirectory);
        using var holder = PythonProcess.Start($"""
            import fcntl, os
            lock = os.open(os.environ["LOCK"], os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(lock, fcntl.{kind})
            print("ready", flush=True)
            """, ("LOCK", _fixture.Files(spec.Port).LockFile));
        var named = $"PID {holder.Pid} ({ProcessTable.Current.Describe(holder.Pid)!.Executable})";

        var report = await _fixture.StartAsync(spec, timeoutSeconds: 1, force: true);
        var seen = await _fixture.InspectAsync(spec);
        var stopped = await _fixture.StopAsync(spec);

        Assert.Equal(StartupReason.LockUnavailable, report.Reason);
        Assert.Equal(StopVerdict.Foreign, stopped.Verdict);
        Assert.All([report.Detail, seen.Detail, stopped.Detail], text => Assert.Contains(named, text, StringComparison.Ordinal));
        Assert.Equal(ProcessPresence.Alive, ProcessTable.Current.Lookup(holder.Pid).Presence);
    }

    [Theory]
    [InlineData]
    [InlineData("--pid-file", "{pidfile}")]
    public async Task Start_DaemonInAPidNamespace_IsKnownByItsPidThere(params string[] options)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root may make a PID namespace.");
        var inside = Prefork(options);
        var spec = inside with { Command = "unshare", Arguments = ["--pid", "--fork", "--kill-child", inside.Command!, .. inside.Arguments] };

        var report = await _fixture.StartAsync(spec);

        // The body of its health names the worker's PID in the namespace, and the file was written with the main process's.
        Assert.True(report.Verdict == StartupVerdict.Verified, report.Detail);
        Assert.Equal($"{report.Pid}\n", await File.ReadAllTextAsync(report.PidFile!));
        Assert.Equal(InspectionVerdict.Running, (await _fixture.InspectAsync(spec)).Verdict);
        Assert.Equal(StopVerdict.Stopped, (await _fixture.StopAsync(spec)).Verdict);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    private DaemonSpec Prefork(params string[] options) =>
        _fixture.Spec("python3", [Path.Combine(AppContext.BaseDirectory, "prefork.py"), "--port", "{port}", .. options]);

    private async Task<IReadOnlyList<int>> AllWorkersAsync(DaemonSpec spec, int count)
    {
        IReadOnlyList<int> workers = [];
        var lockFile = _fixture.Files(spec.Port).LockFile;
        await Wait.UntilAsync(
            () =>
            {
                workers = [.. ProcessTable.Current.LockHolders(lockFile).Where(IsWorker)];
                return workers.Count == count;
            },
            $"{count} workers");
        return workers;
    }

    private static bool IsWorker(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Contains("--worker\0", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static async Task<ProcessExit> KillAsync(DaemonInstance instance)
    {
        Signal(instance.Pid, 9);
        return await instance.Exited.WaitAsync(Wait.Generous);
    }

    private static void Signal(int pid, int number)
    {
        using var kill = Process.Start("kill", [$"-{number}", $"{pid}"]);
        kill.WaitForExit();
    }
}
