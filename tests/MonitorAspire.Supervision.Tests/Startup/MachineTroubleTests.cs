using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Tests.Identity;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Startup;

/// <summary>What the machine prevents is waited for or reported as passing, and never as a wrong definition.</summary>
public sealed class MachineTroubleTests : IAsyncDisposable
{
    // Without SO_REUSEADDR, which .NET sets by itself. It closes each connection first, so that its own end stays in TIME_WAIT.
    private const string ServerWithoutReuse = """
        import socket, sys
        s = socket.socket(); s.bind(('127.0.0.1', int(sys.argv[1]))); s.listen(16)
        while True:
            c, _ = s.accept(); c.recv(4096); c.sendall(b'HTTP/1.0 200 OK\r\n\r\nok'); c.shutdown(2); c.close()
        """;

    private readonly EngineFixture _fixture = new();

    public MachineTroubleTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "the errors are Unix's");

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Start_CommandIsBeingWritten_StartsItWhenThatIsDone()
    {
        var command = _fixture["being-written"];
        File.Copy("/bin/sleep", command);
        File.SetUnixFileMode(command, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var writer = File.OpenHandle(command, FileMode.Open, FileAccess.Write);
        var options = new StartOptions
        {
            Timeout = TimeSpan.FromSeconds(30),
            StageEntered = (stage, pid) =>
            {
                if (stage == StartupStage.Spawn)
                {
                    _ = Task.Delay(300).ContinueWith(done => writer.Dispose(), TaskScheduler.Default);
                }
            },
        };

        // The command runs, and ends at once because it has no argument.
        var report = (await _fixture.Engine.StartAsync(_fixture.Spec(command), options, CancellationToken.None)).Report;
        Assert.Equal((StartupReason.ExitedPrematurely, false), (report.Reason, report.IsPassing));
    }

    [Fact]
    public async Task Start_CommandIsWrittenForLong_IsPassing()
    {
        var command = _fixture["being-written"];
        File.Copy("/bin/sleep", command);
        File.SetUnixFileMode(command, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        using var writer = File.OpenHandle(command, FileMode.Open, FileAccess.Write);

        var report = await _fixture.StartAsync(_fixture.Spec(command));
        Assert.Equal((StartupReason.TimedOut, StartupStage.Spawn, true), (report.Reason, report.Stage, report.IsPassing));
        Assert.Contains("Text file busy", report.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_MissingDirectoryAddressOrFormat_IsPassing()
    {
        await File.WriteAllTextAsync(_fixture["half-copied"], "");
        File.SetUnixFileMode(_fixture["half-copied"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        DaemonSpec[] specs =
        [
            _fixture.Faulty() with { WorkingDirectory = _fixture["no-such-directory"] },
            _fixture.Faulty() with { Host = "no-such-host.invalid" },
            _fixture.Faulty() with { Host = "192.0.2.1" },
            _fixture.Spec(_fixture["half-copied"]),
        ];
        foreach (var spec in specs)
        {
            var report = await _fixture.StartAsync(spec);
            Assert.True(report is { Reason: StartupReason.InvalidConfiguration, IsPassing: true }, report.Detail);
        }
    }

    [Fact]
    public async Task Start_WrongDefinition_IsFinal()
    {
        DaemonSpec[] specs = [_fixture.Faulty() with { HealthPath = "no-slash" }, _fixture.Spec("sh", "-c", "", new string('x', 3_000_000))];
        foreach (var spec in specs)
        {
            // Also with an argument of megabytes, which is searched for secrets.
            var report = await Task.Run(() => _fixture.StartAsync(spec)).WaitAsync(Wait.Generous);
            Assert.True(report is { Reason: StartupReason.InvalidConfiguration, IsPassing: false }, $"{report.Reason}: {report.Detail}");
        }
    }

    [Fact]
    public async Task Start_PortIsJustBeingClosed_WaitsForIt()
    {
        var spec = _fixture.Faulty();

        // Bound, and no listener. A socket of .NET has SO_REUSEADDR, and then another such socket can be bound beside it.
        using var closing = PythonProcess.Start($"import socket; s = socket.socket(); s.bind(('127.0.0.1', {spec.Port})); print('bound', flush=True)");
        var start = _fixture.StartAsync(spec, timeoutSeconds: 60);
        await Task.Delay(500);
        Assert.False(start.IsCompleted);
        closing.Kill();
        Assert.Equal(StartupVerdict.Verified, (await start).Verdict);
    }

    [Fact]
    public async Task StopAndStart_ConnectionsInTimeWait_SayHowLongThePortIsNotFree()
    {
        await File.WriteAllTextAsync(_fixture["server.py"], ServerWithoutReuse);
        var spec = _fixture.Spec("python3", _fixture["server.py"], "{port}");
        Assert.Equal(StartupVerdict.Verified, (await _fixture.StartAsync(spec)).Verdict);

        var stop = await _fixture.StopAsync(spec);
        Assert.Equal((StopVerdict.Stopped, false), (stop.Verdict, stop.IsPortFree));
        Assert.Matches(@"its lock is free; port \d+ is free only when \d+ old connections? in TIME_WAIT (is|are) gone, up to [1-6]?\d s", stop.Detail);

        // The kernel keeps them for longer than this start may take, so it does not wait.
        var report = await _fixture.StartAsync(spec, timeoutSeconds: 5);
        Assert.Equal((StartupReason.PortInUse, true), (report.Reason, report.IsPassing));
        Assert.Contains("TIME_WAIT", report.Detail, StringComparison.Ordinal);
    }
}
