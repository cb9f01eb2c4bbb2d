using System.Net;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Startup;

/// <summary>A start that fails reports its reason and leaves no file, no lock and no process.</summary>
public sealed class StartupFaultTests : IAsyncDisposable
{
    private readonly EngineFixture _fixture = new();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Start_GoodDaemon_IsVerifiedForOneProcess()
    {
        var spec = _fixture.Faulty();
        var outcome = await _fixture.StartOutcomeAsync(spec);
        var report = outcome.Report;

        Assert.Equal(StartupVerdict.Verified, report.Verdict);
        Assert.True(report.OwnershipVerified);
        Assert.Equal([StartupStage.Preflight, StartupStage.Spawn, StartupStage.PidFile, StartupStage.PortBound, StartupStage.Health], report.Stages.Select(s => s.Stage));
        Assert.Equal($"{report.Pid}\n", await File.ReadAllTextAsync(report.PidFile!));
        Assert.Equal(report.Pid, outcome.Instance!.Pid);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(report.PidFile!));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_fixture.StateDirectory));
        }

        var stopped = await _fixture.StopAsync(spec);
        Assert.Equal(StopVerdict.Stopped, stopped.Verdict);
        Assert.False(stopped.Killed);
        Assert.Equal(0, (await outcome.Instance.Exited.WaitAsync(Wait.Generous)).ExitCode);
        _fixture.AssertNothingLeft(spec, report.Pid);
        Assert.True(FreePort.IsFree(spec.Port));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Start_ExitsBeforeBind_ReportsExitCodeAndLastOutput(int code)
    {
        var spec = _fixture.Faulty("--say", "the disk is full", "--exit", $"{code}");
        var report = await _fixture.StartAsync(spec);

        AssertFailed(report, StartupReason.ExitedPrematurely, ExitCodes.ExitedPrematurely);
        Assert.Equal(code, report.ExitCode);
        Assert.Contains("the disk is full", report.LogTail);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Theory]
    [InlineData(9)]
    [InlineData(15)]
    [InlineData(10)]
    public async Task Start_KilledBeforeBind_ReportsTheSignal(int signal)
    {
        var spec = _fixture.Faulty("--raise", $"{signal}");
        var report = await _fixture.StartAsync(spec);

        AssertFailed(report, StartupReason.ExitedPrematurely, ExitCodes.ExitedPrematurely);
        Assert.Equal(signal, report.Signal);
        Assert.Null(report.ExitCode);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Fact]
    public async Task Start_HangsBeforeBind_TimesOutInThatStage()
    {
        var spec = _fixture.Faulty("--hang");
        var report = await _fixture.StartUntilAsync(spec, StartupStage.PortBound, StartupReason.TimedOut);

        AssertFailed(report, StartupReason.TimedOut, ExitCodes.NotVerified);
        Assert.Equal(StartupStage.PortBound, report.Stage);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Fact]
    public async Task Start_BindsButNeverAnswers_TimesOutInHealth()
    {
        var spec = _fixture.Faulty("--silent");
        var report = await _fixture.StartUntilAsync(spec, StartupStage.Health, StartupReason.TimedOut);

        AssertFailed(report, StartupReason.TimedOut, ExitCodes.NotVerified);
        Assert.Equal(StartupStage.Health, report.Stage);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Fact]
    public async Task Start_AnswersAfterTheTimeLimit_TimesOutInHealth()
    {
        var spec = _fixture.Faulty("--answer-delay", "30000");
        var report = await _fixture.StartUntilAsync(spec, StartupStage.Health, StartupReason.TimedOut);

        AssertFailed(report, StartupReason.TimedOut, ExitCodes.NotVerified);
        Assert.Equal(StartupStage.Health, report.Stage);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Fact]
    public async Task Start_Answers500_ReportsTheStatus()
    {
        var spec = _fixture.Faulty("--status", "500");
        var report = await _fixture.StartUntilAsync(spec, StartupStage.Health, StartupReason.HealthStatus);

        AssertFailed(report, StartupReason.HealthStatus, ExitCodes.NotVerified);
        Assert.Contains("500", report.Detail, StringComparison.Ordinal);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Theory]
    [InlineData("--answer-pid", "1")]
    [InlineData("--answer-port", "1")]
    public async Task Start_AnswersForAnotherProcess_IsNotHealthy(string fault, string value)
    {
        var spec = _fixture.Faulty(fault, value);
        var report = await _fixture.StartUntilAsync(spec, StartupStage.Health, StartupReason.HealthIdentityMismatch);

        AssertFailed(report, StartupReason.HealthIdentityMismatch, ExitCodes.NotVerified);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Fact]
    public async Task Start_WritesForeignPid_ReportsMismatchAndDoesNotTouchThatProcess()
    {
        var spec = _fixture.FaultyWithPidFile("--write-pid", $"{Environment.ProcessId}");
        var report = await _fixture.StartUntilAsync(spec, StartupStage.PidFile, StartupReason.PidMismatch);

        AssertFailed(report, StartupReason.PidMismatch, ExitCodes.Foreign);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Fact]
    public async Task Start_ServesWithoutPidFile_ReportsItMissing()
    {
        var spec = _fixture.FaultyWithPidFile("--no-pid-file");
        var report = await _fixture.StartUntilAsync(spec, StartupStage.PidFile, StartupReason.PidFileMissing);

        AssertFailed(report, StartupReason.PidFileMissing, ExitCodes.NotVerified);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Fact]
    public async Task Start_ListensOnAnotherPort_ReportsIt()
    {
        var other = FreePort.Next();
        var spec = _fixture.Faulty("--bind-port", $"{other}");
        var report = await _fixture.StartUntilAsync(spec, StartupStage.PortBound, StartupReason.PortNotBound, $":{other}");

        AssertFailed(report, StartupReason.PortNotBound, ExitCodes.NotVerified);
        Assert.Contains($":{other}", report.Detail, StringComparison.Ordinal);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("::1", "::1")]
    [InlineData("localhost", "::1")]
    [InlineData("localhost", "127.0.0.1")]
    [InlineData("127.0.0.1", "0.0.0.0")]
    [InlineData("::1", "::")]
    [InlineData("0.0.0.0", "127.0.0.1")]
    public async Task Start_ForeignServerAnswers200OnThePort_NamesItAndStartsNothing(string host, string foreign)
    {
        var spec = _fixture.Faulty() with { Host = host };
        using var server = new ForeignServer(spec.Port, IPAddress.Parse(foreign));
        var report = await _fixture.StartAsync(spec);

        AssertFailed(report, StartupReason.PortInUse, ExitCodes.PortInUse);
        Assert.Equal(Environment.ProcessId, report.Owner!.Pid);
        Assert.Null(report.Pid);
        _fixture.AssertNothingLeft(spec, null);
    }

    [Fact]
    public async Task Start_PortHeldOnlyByAClientConnection_Works()
    {
        // The client's end of a connection has the same port number. It must not count as a listener.
        var spec = _fixture.Faulty();
        using var server = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        server.Start();
        using var client = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        client.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), spec.Port));
        await client.ConnectAsync(server.LocalEndpoint);

        Assert.Equal(StartupVerdict.Verified, (await _fixture.StartAsync(spec)).Verdict);
    }

    [Theory]
    [InlineData("::1")]
    [InlineData("localhost")]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    public async Task Start_OnAnyAddressFamily_IsVerified(string host)
    {
        var spec = _fixture.Faulty() with { Host = host };
        Assert.Equal(StartupVerdict.Verified, (await _fixture.StartAsync(spec)).Verdict);
        Assert.Equal(InspectionVerdict.Running, (await _fixture.InspectAsync(spec)).Verdict);
    }

    [Fact]
    public async Task Start_CommandDoesNotExist_ReportsIt()
    {
        var spec = _fixture.Spec("no-such-command-anywhere");
        var report = await _fixture.StartAsync(spec);

        AssertFailed(report, StartupReason.CommandNotFound, ExitCodes.Usage);
        Assert.Contains("no-such-command-anywhere", report.Detail, StringComparison.Ordinal);
        _fixture.AssertNothingLeft(spec, null);
    }

    [Fact]
    public async Task Start_CommandIsNotExecutable_ReportsNoPermission()
    {
        await File.WriteAllTextAsync(_fixture["plain"], "not a program");
        var spec = _fixture.Spec(_fixture["plain"]);

        AssertFailed(await _fixture.StartAsync(spec), StartupReason.PermissionDenied, ExitCodes.PermissionDenied);
        _fixture.AssertNothingLeft(spec, null);
    }

    [Fact]
    public async Task Start_FileIsNoProgram_IsInvalid()
    {
        await File.WriteAllTextAsync(_fixture["plain"], "not a program");
        File.SetUnixFileMode(_fixture["plain"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var spec = _fixture.Spec(_fixture["plain"]);

        AssertFailed(await _fixture.StartAsync(spec), StartupReason.InvalidConfiguration, ExitCodes.Usage);
        _fixture.AssertNothingLeft(spec, null);
    }

    [Fact]
    public async Task Start_FloodsStdout_IsVerifiedAndItsLogIsRotatedAtTheNextStart()
    {
        var spec = _fixture.Faulty("--flood", "100");
        Assert.Equal(StartupVerdict.Verified, (await _fixture.StartAsync(spec)).Verdict);
        Assert.Equal(StopVerdict.Stopped, (await _fixture.StopAsync(spec)).Verdict);

        var quiet = spec with { Arguments = ["--port", "{port}"] };
        Assert.Equal(StartupVerdict.Verified, (await _fixture.StartAsync(quiet)).Verdict);
        Assert.True(File.Exists(_fixture.Files(spec.Port).LogFile + ".1"));
        Assert.True(new FileInfo(_fixture.Files(spec.Port).LogFile).Length < 1024);
    }

    [Fact]
    public async Task RotateLog_OfALivingDaemon_MovesTheOldLines()
    {
        var engine = _fixture.Engine;
        var spec = _fixture.Faulty("--flood", "3") with { Log = new LogPolicy { PartBytes = 1024 * 1024 } };
        var report = await _fixture.StartAsync(spec);
        var log = _fixture.Files(spec.Port).LogFile;

        Assert.NotNull(engine.RotateLog(spec));
        Assert.True(new FileInfo(log).Length < 1024 * 1024);
        Assert.True(new FileInfo(log + ".1").Length > 2 * 1024 * 1024);
        Assert.Null(engine.RotateLog(spec));
        Assert.Equal(report.Pid, (await _fixture.InspectAsync(spec)).Pid);
    }

    [Theory]
    [InlineData("--hang", StartupStage.PortBound)]
    [InlineData("--silent", StartupStage.Health)]
    public async Task Start_CancelledInAStage_LeavesNothing(string fault, StartupStage stage)
    {
        var spec = _fixture.Remember(_fixture.Faulty(fault));
        using var cancel = new CancellationTokenSource();
        var outcome = await _fixture.Engine.StartAsync(
            spec,
            new StartOptions
            {
                StopGracePeriod = TimeSpan.FromSeconds(1),
                StageEntered = (entered, _) =>
                {
                    if (entered == stage)
                    {
                        cancel.Cancel();
                    }
                },
            },
            cancel.Token);

        AssertFailed(outcome.Report, StartupReason.Cancelled, ExitCodes.Failure);
        Assert.Equal(stage, outcome.Report.Stage);
        _fixture.AssertNothingLeft(spec, outcome.Report.Pid);
    }

    [Fact]
    public async Task Start_HostCannotBeResolved_IsInvalid()
    {
        var spec = _fixture.Faulty() with { Host = "no-such-host.invalid" };
        AssertFailed(await _fixture.StartAsync(spec), StartupReason.InvalidConfiguration, ExitCodes.Usage);
        var seen = await _fixture.InspectAsync(spec);
        Assert.Equal((InspectionVerdict.Unknown, StartupReason.InvalidConfiguration), (seen.Verdict, seen.Reason));

        // No instance holds lock or record, so there is nothing to stop, whatever the host is.
        var stop = await _fixture.Engine.StopAsync(spec, new StopOptions(), CancellationToken.None);
        Assert.Equal(StopVerdict.NotRunning, stop.Verdict);
        Assert.Contains("stands for no address", stop.Detail);
    }

    [Fact]
    public async Task Start_AddressOfAnotherMachine_IsInvalid()
    {
        // No machine has an address of TEST-NET-1 (RFC 5737).
        var spec = _fixture.Faulty() with { Host = "192.0.2.1" };
        AssertFailed(await _fixture.StartAsync(spec), StartupReason.InvalidConfiguration, ExitCodes.Usage);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(70000)]
    public async Task Start_PortOutOfRange_IsInvalid(int port)
    {
        var report = (await _fixture.Engine.StartAsync(new DaemonSpec { Name = "x", Port = port }, new StartOptions(), CancellationToken.None)).Report;
        AssertFailed(report, StartupReason.InvalidConfiguration, ExitCodes.Usage);
        Assert.False(Directory.Exists(_fixture.StateDirectory));
    }

    [Fact]
    public async Task Start_StateDirectoryIsAFile_IsInvalid()
    {
        await File.WriteAllTextAsync(_fixture.StateDirectory, "");
        var spec = _fixture.Faulty();
        AssertFailed(await _fixture.StartAsync(spec), StartupReason.InvalidConfiguration, ExitCodes.Usage);
    }

    private static void AssertFailed(StartupReport report, StartupReason reason, int exitCode)
    {
        Assert.True(report.Verdict == StartupVerdict.Failed && report.Reason == reason, $"{report.Verdict} {report.Reason} in {report.Stage}: {report.Detail}");
        Assert.Equal(exitCode, ExitCodes.For(report));
        Assert.False(string.IsNullOrWhiteSpace(report.Detail));
    }
}
