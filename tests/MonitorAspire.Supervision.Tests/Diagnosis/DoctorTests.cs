using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Diagnosis;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Tests.Startup;
using MonitorAspire.Supervision.Tests.Identity;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Diagnosis;

/// <summary>Each problem of a state directory is found, and only a fix that is provably safe is carried out.</summary>
public sealed class DoctorTests : IAsyncDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly EngineFixture _fixture = new();
    private readonly int _port = FreePort.Next();

    public DoctorTests() => StateDirectory.Create(_fixture.StateDirectory);

    private DaemonFiles Files => _fixture.Files(_port);

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    private async Task<DiagnosisReport> ExamineAsync(bool fix = false)
    {
        var report = await new Doctor(new EngineOptions { StateDirectory = _fixture.StateDirectory }).ExamineAsync(fix, CancellationToken.None);

        // A daemon that has just ended may leave a health check in TIME_WAIT, or not.
        return report with { Findings = [.. report.Findings.Where(f => f.Id != "port-time-wait")] };
    }

    private static void WritePrivate(string path, string content)
    {
        File.WriteAllText(path, content);
        File.SetUnixFileMode(path, Private);
    }

    /// <summary>The finding is the only one, its fix works, and after it there is no finding.</summary>
    private async Task AssertFixedAsync(string id)
    {
        var found = Assert.Single((await ExamineAsync()).Findings);
        Assert.Equal(id, found.Id);
        Assert.True(found.SafeToFix);
        Assert.Null(found.Result);

        var after = await ExamineAsync(fix: true);
        Assert.True(Assert.Single(after.Findings).Result?.Done, after.Findings[0].Result?.Action);
        Assert.True(after.IsHealthy);
        Assert.Empty((await ExamineAsync()).Findings);
    }

    /// <summary>The finding is a problem, and it stays one also with fix.</summary>
    private async Task AssertStaysAsync(string id, FindingSeverity severity = FindingSeverity.Error)
    {
        foreach (var fix in (bool[])[false, true])
        {
            var report = await ExamineAsync(fix);
            var found = Assert.Single(report.Findings, f => f.Id == id);
            Assert.Equal(severity, found.Severity);
            Assert.False(found.SafeToFix);
            Assert.Null(found.Result);
            Assert.False(report.IsHealthy);
        }
    }

    private static async Task<int> DeadPidAsync()
    {
        using var process = Process.Start("true");
        await process.WaitForExitAsync();
        return process.Id;
    }

    [Fact]
    public async Task Examine_NoDirectory_IsHealthyAndCreatesNone()
    {
        Directory.Delete(_fixture.StateDirectory);
        var report = await ExamineAsync(fix: true);
        Assert.Equal("directory-missing", Assert.Single(report.Findings).Id);
        Assert.True(report.IsHealthy);
        Assert.False(Directory.Exists(_fixture.StateDirectory));
    }

    [Fact]
    public async Task Examine_DirectoryIsAFile_IsAnError()
    {
        Directory.Delete(_fixture.StateDirectory);
        File.WriteAllText(_fixture.StateDirectory, "");
        await AssertStaysAsync("directory-not-a-directory");
    }

    [Fact]
    public async Task Examine_RunningDaemon_IsHealthy()
    {
        await _fixture.StartAsync(_fixture.Faulty());
        var report = await ExamineAsync(fix: true);
        Assert.Empty(report.Findings);
        Assert.Equal(InspectionVerdict.Running, Assert.Single(report.Daemons).Verdict);
    }

    [Fact]
    public async Task Examine_StoppedDaemon_IsHealthy()
    {
        var spec = _fixture.Faulty();
        await _fixture.StartAsync(spec);
        await _fixture.StopAsync(spec);
        Assert.Empty((await ExamineAsync()).Findings);
    }

    [Fact]
    public async Task Fix_DirectoryOpenToOthers_IsMadePrivate()
    {
        // The directories of 'monitor up' and of AppHosts are ours as well.
        Directory.CreateDirectory(Path.Combine(_fixture.StateDirectory, "up", "8760"));
        Directory.CreateDirectory(Path.Combine(_fixture.StateDirectory, "apphost"));
        WritePrivate(Files.LogFile, "");
        File.SetUnixFileMode(_fixture.StateDirectory, (UnixFileMode)0b111_101_101);
        await AssertFixedAsync("directory-mode");
        Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(_fixture.StateDirectory));
    }

    [Fact]
    public async Task Fix_DirectoryWithOtherFiles_IsNotChanged()
    {
        WritePrivate(Path.Combine(_fixture.StateDirectory, "other.txt"), "");
        File.SetUnixFileMode(_fixture.StateDirectory, (UnixFileMode)0b111_111_111);
        await AssertStaysAsync("directory-mode");
        Assert.Equal((UnixFileMode)0b111_111_111, File.GetUnixFileMode(_fixture.StateDirectory));
    }

    [Fact]
    public async Task Fix_FileOpenToOthers_IsMadePrivate()
    {
        WritePrivate(Files.LogFile, "");
        File.SetUnixFileMode(Files.LogFile, (UnixFileMode)0b110_100_100);
        await AssertFixedAsync("file-mode");
        Assert.Equal(Private, File.GetUnixFileMode(Files.LogFile));
    }

    [Theory]
    [InlineData(0b111_000_000, "monitor-daemon-1.log", FindingSeverity.Info)]
    [InlineData(0b111_101_101, "monitor-daemon-1.log", FindingSeverity.Warning)]
    [InlineData(0b111_000_000, "supervisor-1.token", FindingSeverity.Error)]
    public async Task Examine_FileOpenToOthers_HasTheSeverityOfItsDirectoryAndName(int directoryMode, string name, FindingSeverity severity)
    {
        var path = Path.Combine(_fixture.StateDirectory, name);
        File.WriteAllText(path, "");
        File.SetUnixFileMode(path, (UnixFileMode)0b110_100_100);
        File.SetUnixFileMode(_fixture.StateDirectory, (UnixFileMode)directoryMode);
        Assert.Equal(severity, Assert.Single((await ExamineAsync()).Findings, f => f.Id == "file-mode").Severity);
    }

    [Fact]
    public async Task Examine_DaemonThatWritesItsOwnPidFile_IsHealthy()
    {
        await _fixture.StartAsync(_fixture.FaultyWithPidFile());
        Assert.True((await ExamineAsync()).IsHealthy);
    }

    [Fact]
    public async Task Fix_PidFileOfADeadProcess_IsRemoved()
    {
        PidFile.Write(Files.PidFile, await DeadPidAsync());
        await AssertFixedAsync("pid-file-stale");
        Assert.False(File.Exists(Files.PidFile));
    }

    [Theory]
    [InlineData("", "pid-file-empty")]
    [InlineData("hello\n", "pid-file-malformed")]
    [InlineData("-1\n", "pid-file-malformed")]
    public async Task Fix_PidFileWithoutAPid_IsRemoved(string content, string id)
    {
        WritePrivate(Files.PidFile, content);
        await AssertFixedAsync(id);
    }

    [Fact]
    public async Task Fix_PidFileOfAnUnrelatedProcess_IsRemovedAndTheProcessLives()
    {
        using var unrelated = Process.Start("sleep", "300");
        try
        {
            PidFile.Write(Files.PidFile, unrelated.Id);
            await AssertFixedAsync("pid-file-reused");
            Assert.False(unrelated.HasExited);
        }
        finally
        {
            unrelated.Kill();
        }
    }

    [Fact]
    public async Task Fix_PidFileOfAForeignServerOnThePort_IsNotChanged()
    {
        using var foreign = new ForeignServer(_port, IPAddress.Loopback);
        PidFile.Write(Files.PidFile, Environment.ProcessId);
        await AssertStaysAsync("pid-file-foreign");
        await AssertStaysAsync("port-foreign");
        Assert.Equal(Environment.ProcessId, PidFile.Read(Files.PidFile).Pid);
    }

    [Fact]
    public async Task Fix_PidFileIsADirectory_IsNotChanged()
    {
        Directory.CreateDirectory(Files.PidFile);
        await AssertStaysAsync("pid-file-not-a-file");
    }

    [Fact]
    public async Task Fix_PidFileIsALink_RemovesTheLinkAndNotItsTarget()
    {
        var target = _fixture["target"];
        File.WriteAllText(target, $"{Environment.ProcessId}\n");
        File.CreateSymbolicLink(Files.PidFile, target);
        await AssertFixedAsync("pid-file-symlink");
        Assert.True(File.Exists(target));
    }

    [Theory]
    [InlineData(null, "pid-file-missing")]
    [InlineData("", "pid-file-empty")]
    [InlineData("no number", "pid-file-malformed")]
    [InlineData("1\n", "pid-file-mismatch")]
    public async Task Fix_PidFileOfARunningDaemonLostOrInvalid_IsWrittenAgain(string? content, string id)
    {
        var report = await _fixture.StartAsync(_fixture.Faulty());
        var files = _fixture.Files(report.Port);
        File.Delete(files.PidFile);
        if (content is not null)
        {
            WritePrivate(files.PidFile, content);
        }

        await AssertFixedAsync(id);
        Assert.Equal(report.Pid, PidFile.Read(files.PidFile).Pid);
    }

    [Fact]
    public async Task Fix_KilledDaemon_RemovesPidFileAndRecordOnly()
    {
        var report = await _fixture.StartAsync(_fixture.Faulty());
        using (var daemon = Process.GetProcessById(report.Pid!.Value))
        {
            daemon.Kill();
        }

        await Wait.UntilAsync(() => ProcessTable.Current.Lookup(report.Pid!.Value).Presence == ProcessPresence.Dead, "the daemon is dead");
        Assert.Equal(["pid-file-stale", "record-dead"], (await ExamineAsync()).Findings.Select(f => f.Id));
        Assert.True((await ExamineAsync(fix: true)).IsHealthy);
        Assert.False(File.Exists(_fixture.Files(report.Port).InstanceFile));
        Assert.True(File.Exists(_fixture.Files(report.Port).LogFile));
    }

    [Fact]
    public async Task Examine_LeakedDescendantHoldsTheLock_IsNamedAndNotSignalled()
    {
        var report = await _fixture.StartAsync(_fixture.Faulty("--leak"));
        using (var daemon = Process.GetProcessById(report.Pid!.Value))
        {
            daemon.Kill();
        }

        await Wait.UntilAsync(() => ProcessTable.Current.Lookup(report.Pid!.Value).Presence == ProcessPresence.Dead, "the daemon is dead");
        var holder = Assert.Single(ProcessTable.Current.LockHolders(_fixture.Files(report.Port).LockFile));
        var leaked = Assert.Single((await ExamineAsync(fix: true)).Findings, f => f.Id == "lock-leaked");
        Assert.Contains(holder.ToString(CultureInfo.InvariantCulture), leaked.Problem);
        Assert.Contains("monitor stop", leaked.Fix);
        Assert.Equal(ProcessPresence.Alive, ProcessTable.Current.Lookup(holder).Presence);
    }

    [Fact]
    public async Task Examine_LockHeldByAForeignProcess_IsUnprovable()
    {
        using var held = InstanceLock.TryAcquire(Files.LockFile);
        PidFile.Write(Files.PidFile, await DeadPidAsync());
        await AssertStaysAsync("lock-unprovable");
        Assert.True(File.Exists(Files.PidFile), "a file of a port whose lock is held was removed");
    }

    [Fact]
    public async Task Examine_LockIsALink_IsAnError()
    {
        File.CreateSymbolicLink(Files.LockFile, _fixture["elsewhere"]);
        await AssertStaysAsync("lock-not-a-file");
        Assert.False(File.Exists(_fixture["elsewhere"]), "the link was followed");
    }

    /// <summary>What the doctor says of something else than a file is what a start does.</summary>
    [Theory]
    [InlineData("lock", "pipe", "lock-not-a-file", false)]
    [InlineData("lock", "directory", "lock-not-a-file", false)]
    [InlineData("lock", "link", "lock-not-a-file", false)]
    [InlineData("instance.json", "directory", "record-not-a-file", false)]
    [InlineData("instance.json", "pipe", "record-not-a-file", true)]
    [InlineData("instance.json", "link", "record-not-a-file", true)]
    [InlineData("pid", "pipe", "pid-file-not-a-file", false)]
    [InlineData("pid", "directory", "pid-file-not-a-file", false)]
    [InlineData("log", "pipe", null, false)]
    public async Task Examine_NoFileInThePlaceOfOne_SaysWhetherAStartReplacesIt(string extension, string kind, string? id, bool starts)
    {
        var spec = _fixture.Faulty();
        var path = Path.Combine(_fixture.StateDirectory, string.Create(CultureInfo.InvariantCulture, $"monitor-daemon-{spec.Port}.{extension}"));
        if (kind == "pipe")
        {
            await RunAsync("mkfifo", path);
        }
        else if (kind == "directory")
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            File.CreateSymbolicLink(path, _fixture["elsewhere"]);
        }

        if (id is not null)
        {
            await AssertStaysAsync(id, starts ? FindingSeverity.Warning : FindingSeverity.Error);
            var found = Assert.Single((await ExamineAsync()).Findings, f => f.Id == id);
            Assert.Equal(starts, found.Fix.Contains("the next start replaces it", StringComparison.Ordinal));
            Assert.Equal(!starts, found.Problem.Contains("no daemon can be started", StringComparison.Ordinal));
        }

        var report = await _fixture.StartAsync(spec);
        Assert.Equal(starts ? StartupVerdict.Verified : StartupVerdict.Failed, report.Verdict);
        Assert.True(starts || report.Detail!.Contains(path, StringComparison.Ordinal), report.Detail);
        Assert.False(File.Exists(_fixture["elsewhere"]), "the link was followed");
    }

    [Fact]
    public async Task Fix_UnreadableRecord_IsRemoved()
    {
        WritePrivate(Files.InstanceFile, "{ no json");
        await AssertFixedAsync("record-unreadable");
    }

    [Theory]
    [InlineData("command", "there is no command 'no-such-command-here'")]
    [InlineData("directory", "/gone does not exist")]
    [InlineData("file", "/missing.env does not exist")]
    [InlineData("user", "there is no user 'no-such-user-here' on this machine")]
    public async Task Examine_StoredDefinitionThatCannotStartNow_IsAnErrorUntilItCan(string fault, string problem)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a user is for Linux");
        var right = new DaemonDefinition { Port = _port, Command = "sleep", Arguments = ["600"], WorkingDirectory = _fixture.StateDirectory };
        DefinitionFile.Write(Files, fault switch
        {
            "command" => right with { Command = "no-such-command-here" },
            "directory" => right with { WorkingDirectory = _fixture["gone"] },
            "file" => right with { EnvironmentFiles = [_fixture["missing.env"]] },
            _ => right with { User = "no-such-user-here" },
        });

        await AssertStaysAsync("definition-cannot-start");

        Assert.Contains(problem, Assert.Single((await ExamineAsync()).Findings).Problem, StringComparison.Ordinal);
        DefinitionFile.Write(Files, right);
        Assert.Empty((await ExamineAsync()).Findings);
    }

    [Fact]
    public async Task Examine_StoredDefinitionOfARunningDaemonCannotStartAgain_IsAWarning()
    {
        var report = await _fixture.StartAsync(_fixture.Faulty());
        DefinitionFile.Write(_fixture.Files(report.Port), new DaemonDefinition { Port = report.Port, Command = "no-such-command-here" });

        await AssertStaysAsync("definition-cannot-start", FindingSeverity.Warning);
    }

    [Fact]
    public async Task Examine_StoredDefinitionThatCannotBeRead_IsAnError()
    {
        WritePrivate(Files.DefinitionFile, "{ no json");

        await AssertStaysAsync("definition-unreadable");
    }

    [Fact]
    public async Task Fix_RecordOfAnEarlierBoot_IsRemoved()
    {
        // The PID is alive now. Only the boot id shows that it is another process.
        new InstanceRecord { Pid = Environment.ProcessId, StartTicks = 1, BootId = "00000000-0000-0000-0000-000000000000", Port = _port }.Write(Files.InstanceFile);
        await AssertFixedAsync("record-other-boot");
    }

    [Fact]
    public async Task Fix_RecordOfAStartWithoutAProcess_IsRemoved()
    {
        new InstanceRecord { LauncherPid = await DeadPidAsync(), LauncherStartTicks = 1, BootId = ProcessTable.Current.BootId, Port = _port }.Write(Files.InstanceFile);
        await AssertFixedAsync("record-abandoned");
    }

    [Fact]
    public async Task Examine_HostOfTheRecordCannotBeResolved_IsAnError()
    {
        new InstanceRecord { Pid = Environment.ProcessId, StartTicks = 1, BootId = ProcessTable.Current.BootId, Port = _port, Host = "no-such-host.invalid" }.Write(Files.InstanceFile);
        var found = Assert.Single((await ExamineAsync()).Findings, f => f.Id == "host-unknown");
        Assert.Contains("no-such-host.invalid", found.Problem);
    }

    [Fact]
    public async Task Examine_RecordOfARunningDaemonIsLost_IsReported()
    {
        var report = await _fixture.StartAsync(_fixture.Faulty());
        File.Delete(_fixture.Files(report.Port).InstanceFile);
        await AssertStaysAsync("record-missing", FindingSeverity.Warning);
    }

    [Fact]
    public async Task Examine_DaemonThatDoesNotAnswer_IsUnhealthy()
    {
        var report = await _fixture.StartAsync(_fixture.Faulty());
        using (var stop = Process.Start("kill", ["-STOP", report.Pid!.Value.ToString(CultureInfo.InvariantCulture)]))
        {
            await stop.WaitForExitAsync();
        }

        await AssertStaysAsync("unhealthy");
    }

    [Fact]
    public async Task Examine_ForeignServerOnAPortWithOnlyALockFile_IsInformation()
    {
        WritePrivate(Files.LockFile, "");
        using var foreign = new TcpListener(IPAddress.Loopback, _port);
        foreign.Start();
        var report = await ExamineAsync();
        Assert.Equal(("port-foreign", FindingSeverity.Info), (report.Findings[0].Id, report.Findings[0].Severity));
        Assert.True(report.IsHealthy);
    }

    [Fact]
    public async Task Fix_TemporaryFileOfADeadWriter_IsDeleted()
    {
        var writer = await DeadPidAsync();
        WritePrivate(string.Create(CultureInfo.InvariantCulture, $"{Files.PidFile}.{writer}-0123abcd.tmp"), "1");
        await AssertFixedAsync("temporary-file");
    }

    [Fact]
    public async Task Examine_TemporaryFileOfALivingWriter_IsNotChanged()
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"{Files.PidFile}.{Environment.ProcessId}-0123abcd.tmp");
        WritePrivate(path, "1");
        await ExamineAsync(fix: true);
        Assert.True(File.Exists(path));
    }

    [Fact]
    public async Task Fix_LegacyPidFileOfADeadProcess_IsRemoved()
    {
        PidFile.Write(DaemonFiles.LegacyPidFile(_fixture.StateDirectory), await DeadPidAsync());
        await AssertFixedAsync("legacy-pid-file");
    }

    [Fact]
    public async Task Fix_LegacyPidFileOfAServerOnAKnownPort_BecomesThatPortsFile()
    {
        using var server = new ForeignServer(_port, IPAddress.Loopback);
        WritePrivate(Files.LockFile, "");
        PidFile.Write(DaemonFiles.LegacyPidFile(_fixture.StateDirectory), Environment.ProcessId);
        WritePrivate(DaemonFiles.LegacyLogFile(_fixture.StateDirectory), "old\n");

        var report = await ExamineAsync(fix: true);
        Assert.True(Assert.Single(report.Findings, f => f.Id == "legacy-pid-file").Result!.Done);
        Assert.Equal(Environment.ProcessId, PidFile.Read(Files.PidFile).Pid);
        Assert.Equal("old\n", File.ReadAllText(Files.LogFile));
    }

    [Fact]
    public async Task Fix_LegacyPidFileOfAProcessWithoutPort_IsNotChanged()
    {
        PidFile.Write(DaemonFiles.LegacyPidFile(_fixture.StateDirectory), Environment.ProcessId);
        await AssertStaysAsync("legacy-pid-file", FindingSeverity.Warning);
    }

    [Fact]
    public async Task Fix_LogThatNobodyRotates_IsRotated()
    {
        const int Bytes = 21 * 1024 * 1024;
        WritePrivate(Files.LogFile, new string('x', Bytes));
        await AssertFixedAsync("log-large");
        Assert.Equal(Bytes, new FileInfo(Files.LogFile + ".1").Length + new FileInfo(Files.LogFile).Length);
    }

    [Fact]
    public async Task Examine_LogWasDeletedWhileTheDaemonWritesToIt_IsFoundWithTheCommandThatKeepsIt()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the open files of a process are Linux's");
        var spec = _fixture.Faulty();
        var report = await _fixture.StartAsync(spec);
        File.Delete(_fixture.Files(spec.Port).LogFile);

        var found = Assert.Single((await ExamineAsync()).Findings, f => f.Id == "log-deleted");
        Assert.Equal((FindingSeverity.Warning, spec.Port), (found.Severity, found.Port));
        Assert.Contains($"PID {report.Pid} still writes to it", found.Problem);
        Assert.Contains($"cp /proc/{report.Pid}/fd/1 FILE", found.Fix);
        Assert.False(found.SafeToFix);

        Assert.Equal(StartupVerdict.Verified, (await _fixture.StartAsync(spec, force: true)).Verdict);
        Assert.Empty((await ExamineAsync()).Findings);
    }

    [Theory]
    [InlineData("size=64k", "disk-full")]
    [InlineData("nr_inodes=20", "no-free-inodes")]
    [InlineData("ro", "file-system-read-only")]
    public async Task Examine_FileSystemThatCannotBeWrittenTo_IsAnError(string option, string id)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "only root can mount a file system");
        var mount = Directory.CreateDirectory(_fixture["small"]).FullName;
        await RunAsync("mount", "-t", "tmpfs", "-o", $"{option},mode=0700", "tmpfs", mount);
        try
        {
            // One large file, or many small ones.
            for (var (i, full) = (0, false); !full && i < 30; i++)
            {
                try
                {
                    await File.WriteAllBytesAsync(Path.Combine(mount, $"filler-{i}"), new byte[id == "disk-full" ? 8 * 1024 : 0]);
                }
                catch (IOException)
                {
                    full = true;
                }
            }

            // Also where the state directory is still to be made.
            var doctor = new Doctor(new EngineOptions { StateDirectory = Path.Combine(mount, "state") });
            var found = Assert.Single((await doctor.ExamineAsync(fix: true, CancellationToken.None)).Findings, f => f.Severity == FindingSeverity.Error);
            Assert.Equal(id, found.Id);
        }
        finally
        {
            await RunAsync("umount", mount);
        }
    }

    [Theory]
    [InlineData("file/state", "is a file, not a directory")]
    [InlineData("LONG", "bytes in its path")]
    [InlineData("LONG/LONG/LONG/LONG/LONG/LONG/LONG/LONG/LONG/LONG/LONG/LONG/LONG/LONG/LONG/LONG", "too long for its files")]
    public async Task Examine_StateDirectoryThatCannotBeMade_IsAnErrorWithTheReason(string path, string reason)
    {
        await File.WriteAllTextAsync(_fixture["file"], "");
        var name = new string('d', path == "LONG" ? 256 : 255);
        var doctor = new Doctor(new EngineOptions { StateDirectory = _fixture[path.Replace("LONG", name, StringComparison.Ordinal)] });
        var found = Assert.Single((await doctor.ExamineAsync(fix: true, CancellationToken.None)).Findings);
        Assert.Equal(("directory-unusable", FindingSeverity.Error), (found.Id, found.Severity));
        Assert.Contains(reason, found.Problem);
    }

    [Fact]
    public async Task ExaminePort_ConnectionsOfAServerWithoutReuse_AreNamedWithTimeWait()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the kernel of Linux shows them");

        // A socket of .NET has SO_REUSEADDR. The side that closes first keeps the port.
        using var server = PythonProcess.Start(
            $"import socket; s = socket.socket(); s.bind(('127.0.0.1', {_port})); s.listen(); c = socket.create_connection(('127.0.0.1', {_port})); "
            + "a, _ = s.accept(); a.close(); c.recv(1); c.close(); s.close(); print('closed', flush=True)");
        DiagnosisReport? report = null;
        await Wait.UntilAsync(
            async () =>
            {
                report = await new Doctor(new EngineOptions { StateDirectory = _fixture.StateDirectory }).ExaminePortAsync(_port, fix: false, CancellationToken.None);
                return report.Findings.Any(f => f.Id == "port-time-wait");
            },
            "the connection is in TIME_WAIT");
        Assert.Contains("1 old connection in TIME_WAIT", report!.Findings.Single(f => f.Id == "port-time-wait").Problem);
        Assert.True(report.IsHealthy);
    }

    [Fact]
    public async Task Start_TemporaryFilesOfKilledWriters_AreDeletedWhenTheyAreOld()
    {
        string Named(int pid, string target) => string.Create(CultureInfo.InvariantCulture, $"{target}.{pid}-0123abcd.tmp");
        var dead = await DeadPidAsync();
        string[] old = [Named(dead, Files.PidFile), Named(dead, _fixture.Files(_port + 1).InstanceFile), Named(dead, Path.Combine(_fixture.StateDirectory, "supervisor-8760.token"))];
        string[] others = [Named(Environment.ProcessId, Files.PidFile), Named(dead, Path.Combine(_fixture.StateDirectory, "foreign")), Named(dead, Files.InstanceFile)];
        foreach (var path in old.Concat(others))
        {
            WritePrivate(path, "1");
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow - TimeSpan.FromHours(path == others[^1] ? 0 : path == others[0] ? 0 : 1));
        }

        var report = await _fixture.StartAsync(_fixture.Faulty());
        Assert.All(old, path => Assert.False(File.Exists(path), path));
        Assert.All(others, path => Assert.True(File.Exists(path), path));
        Assert.Equal(3, report.Notes.Count(n => n.Contains("which a killed process had left", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Fix_DaemonStartedAfterTheFinding_KeepsItsFiles()
    {
        PidFile.Write(Files.PidFile, await DeadPidAsync());
        var stale = PidFileCheck.Examine(Examined()).Single();
        using var held = InstanceLock.TryAcquire(Files.LockFile);

        var result = stale.TryFix().Result!;
        Assert.False(result.Done);
        Assert.Contains("has taken port", result.Action);
        Assert.True(File.Exists(Files.PidFile));
    }

    private ExaminedPort Examined()
    {
        var parts = new EngineParts(new EngineOptions { StateDirectory = _fixture.StateDirectory }, TimeProvider.System);
        return new ExaminedPort(parts, Files, KnownDaemons.Spec(_port, null), parts.Locator.Locate(Files), PidFile.Read(Files.PidFile));
    }

    private static async Task RunAsync(string command, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(command, arguments);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }
}
