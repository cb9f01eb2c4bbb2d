using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Startup;

/// <summary>What can be known of a start before the instance that serves is stopped for it. The check says what the start would say, and leaves nothing.</summary>
public sealed class CheckStartTests : IAsyncDisposable
{
    private readonly EngineFixture _fixture = new();

    public CheckStartTests() => StateDirectory.Create(_fixture.StateDirectory);

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Check_RightDefinition_IsNullAndMakesNothing()
    {
        Assert.Null(await CheckAsync(_fixture.Faulty()));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_fixture.StateDirectory));
    }

    [Fact]
    public async Task Check_OwnInstanceHasThePort_IsNullAndTheInstanceLives()
    {
        var spec = _fixture.Faulty();
        var report = await _fixture.StartAsync(spec);
        var before = Listed();

        Assert.Null(await CheckAsync(spec));
        Assert.Contains("no address of this machine", (await CheckAsync(spec with { Host = "192.0.2.1" }))?.Detail, StringComparison.Ordinal);

        Assert.Equal(before, Listed());
        Assert.Equal(report.Pid, (await _fixture.InspectAsync(spec)).Pid);
    }

    public static TheoryData<string, StartupReason, string> WrongOnes => new()
    {
        { "definition", StartupReason.InvalidConfiguration, "health path 'no-slash' does not start with '/'" },
        { "command", StartupReason.CommandNotFound, "there is no command 'no-such-command-here'" },
        { "interpreter", StartupReason.CommandNotFound, "needs the interpreter '/no/such/interpreter'" },
        { "directory", StartupReason.InvalidConfiguration, "/gone does not exist" },
        { "health", StartupReason.CommandNotFound, "the health check cannot be made: there is no command 'no-such-check'" },
        { "host", StartupReason.InvalidConfiguration, "host 'no-such-host.invalid' stands for no address" },
        { "address", StartupReason.InvalidConfiguration, "192.0.2.1, which is no address of this machine" },
        { "log", StartupReason.InvalidConfiguration, ".log is a pipe or a device; move it away" },
        { "others", StartupReason.PermissionDenied, "can be changed by other users" },
    };

    [Theory]
    [MemberData(nameof(WrongOnes))]
    public async Task Check_StartWouldFail_SaysWhyAndThatNothingWasStopped(string fault, StartupReason reason, string says)
    {
        var spec = _fixture.Faulty();
        spec = fault switch
        {
            "definition" => spec with { HealthPath = "no-slash" },
            "command" => spec with { Command = "no-such-command-here" },
            "interpreter" => spec with { Command = Script("#!/no/such/interpreter\n") },
            "directory" => spec with { WorkingDirectory = _fixture["gone"] },
            "health" => spec with { Health = new HealthCheck { Kind = HealthCheckKind.Command, Command = "no-such-check" } },
            "host" => spec with { Host = "no-such-host.invalid" },
            "address" => spec with { Host = "192.0.2.1" },
            _ => spec,
        };
        if (fault == "log")
        {
            using var make = Process.Start("mkfifo", [_fixture.Files(spec.Port).LogFile]);
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        else if (fault == "others")
        {
            File.SetUnixFileMode(_fixture.StateDirectory, (UnixFileMode)0b111_111_111);
        }

        var before = Listed();
        var report = await CheckAsync(spec);

        Assert.Equal((StartupVerdict.Failed, StartupStage.Preflight, reason), (report?.Verdict, report?.Stage, report?.Reason));
        Assert.Contains(says, report!.Detail, StringComparison.Ordinal);
        Assert.EndsWith("; nothing was stopped", report.Detail, StringComparison.Ordinal);
        Assert.Equal(before, Listed());
    }

    [Fact]
    public async Task Check_ForeignProcessHasThePort_NamesItUnlessThatPortIsFreedFirst()
    {
        var spec = _fixture.Faulty();
        using var foreign = new ForeignServer(spec.Port, IPAddress.Loopback);

        var report = await CheckAsync(spec);

        Assert.Equal(StartupReason.PortInUse, report?.Reason);
        Assert.Equal(Environment.ProcessId, report!.Owner?.Pid);
        Assert.Null(await CheckAsync(spec, spec.Port));
    }

    [Fact]
    public async Task Check_Range_FailsOnlyWhereAllPortsAreTaken()
    {
        var first = FreePort.Consecutive(2);
        var spec = _fixture.Faulty() with { Port = first, PortRangeEnd = first + 1 };
        using var one = new ForeignServer(first, IPAddress.Loopback);
        Assert.Null(await CheckAsync(spec));

        using var other = new ForeignServer(first + 1, IPAddress.Loopback);
        Assert.Equal(StartupReason.PortInUse, (await CheckAsync(spec))?.Reason);
    }

    [Fact]
    public async Task Check_FileSystemIsFull_IsRefused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "only root can mount a file system");
        await RunAsync("mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", _fixture.StateDirectory);
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(_fixture.StateDirectory, "filler"), new byte[56 * 1024], TestContext.Current.CancellationToken);

            var report = await CheckAsync(_fixture.Faulty());

            Assert.Equal(StartupReason.LockUnavailable, report?.Reason);
            Assert.True(report!.IsPassing);
            Assert.Contains("cannot be written", report.Detail, StringComparison.Ordinal);
            Assert.Equal(["filler"], Directory.EnumerateFileSystemEntries(_fixture.StateDirectory).Select(Path.GetFileName));
        }
        finally
        {
            await RunAsync("umount", _fixture.StateDirectory);
        }
    }

    private Task<StartupReport?> CheckAsync(DaemonSpec spec, params int[] freed) => _fixture.Engine.CheckStartAsync(spec, freed.ToImmutableHashSet(), CancellationToken.None);

    private string[] Listed() => [.. Directory.EnumerateFileSystemEntries(_fixture.StateDirectory).Order(StringComparer.Ordinal)];

    private string Script(string content)
    {
        File.WriteAllText(_fixture["app.sh"], content);
        File.SetUnixFileMode(_fixture["app.sh"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return _fixture["app.sh"];
    }

    private static async Task RunAsync(string command, params string[] arguments)
    {
        using var process = Process.Start(command, arguments);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }
}
