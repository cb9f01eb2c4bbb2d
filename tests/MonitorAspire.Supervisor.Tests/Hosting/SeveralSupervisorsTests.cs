using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Hosting;

/// <summary>Several supervisors with one state directory.</summary>
public sealed class SeveralSupervisorsTests : IDisposable
{
    private readonly TemporaryDirectory _state = new();
    private readonly int _basePort = FreePort.Consecutive(2);

    public SeveralSupervisorsTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are Unix's");

    public void Dispose() => _state.Dispose();

    [Fact]
    public async Task Run_TwoPortsAndOtherDaemons_BothRunWithTokensOfTheirOwn()
    {
        await using var one = Start(FreePort.Next(), _basePort);
        await using var other = Start(FreePort.Next(), _basePort + 1);

        await one.RunningAsync(1);
        await other.RunningAsync(1);

        Assert.NotEqual(await File.ReadAllTextAsync(Files(one).Token), await File.ReadAllTextAsync(Files(other).Token));
        Assert.True(File.Exists(Files(one).History));
        using var allowed = await one.SendAsync(HttpMethod.Get, $"/api/daemons/monitor-{_basePort}/logs", _state.Path);
        Assert.Equal(HttpStatusCode.OK, allowed.StatusCode);
    }

    [Fact]
    public async Task Run_DaemonOfAnotherSupervisor_IsRefusedWith8AndNamesIt()
    {
        await using var first = Start(FreePort.Next(), _basePort);
        await first.RunningAsync(1);

        await using var second = Start(FreePort.Next(), _basePort);

        Assert.Equal(8, await second.ExitAsync());
        var line = Assert.Single(second.Errors);
        Assert.Contains($"looks after port {_basePort}", line, StringComparison.Ordinal);
        Assert.Contains($"PID {first.Pid} ", line, StringComparison.Ordinal);
        await first.RunningAsync(1);
    }

    [Fact]
    public async Task Run_Temporary_DeletesItsFilesAtTheEnd()
    {
        var token = RandomNumberGenerator.GetHexString(64, lowercase: true);
        await using var supervisor = Start(FreePort.Next(), _basePort, ("Supervisor__Temporary", "true"), ("Supervisor__Token", token));
        await supervisor.RunningAsync(1);
        Assert.Equal(token, (await File.ReadAllTextAsync(TemporaryFiles(supervisor).Token)).Trim());

        await supervisor.SignalAsync("TERM");

        Assert.Equal(0, await supervisor.ExitAsync());
        Assert.Empty(Directory.EnumerateFiles(TemporaryFiles(supervisor).Directory, "supervisor-*"));
        Assert.Empty(Directory.EnumerateFiles(_state.Path, "supervisor-*"));
    }

    [Fact]
    public async Task Run_TemporaryAfterOneThatWasKilled_DeletesTheFilesOfThatOneOnly()
    {
        await using var running = Start(FreePort.Next(), _basePort, ("Supervisor__Temporary", "true"));
        await running.RunningAsync(1);
        await using var killed = StartEmpty(FreePort.Next());
        await killed.RunningAsync(0);
        await killed.SignalAsync("KILL");
        await killed.ExitAsync();
        Assert.True(File.Exists(TemporaryFiles(killed).Token));

        await using var next = StartEmpty(FreePort.Next());
        await next.RunningAsync(0);

        Assert.Empty(Directory.EnumerateFiles(TemporaryFiles(killed).Directory, $"supervisor-{killed.Port}.*"));
        Assert.True(File.Exists(TemporaryFiles(running).Token));
        Assert.True(File.Exists(TemporaryFiles(next).Token));
    }

    [Fact]
    public async Task Run_TokenThatIsNone_Is2AndDoesNotShowIt()
    {
        await using var supervisor = Start(FreePort.Next(), _basePort, ("Supervisor__Token", "not-a-token"));

        Assert.Equal(2, await supervisor.ExitAsync());
        Assert.DoesNotContain("not-a-token", Assert.Single(supervisor.Errors), StringComparison.Ordinal);
    }

    private SupervisorFiles Files(SupervisorProcess supervisor) => new(_state.Path, supervisor.Port);

    private SupervisorFiles TemporaryFiles(SupervisorProcess supervisor) => new(SupervisorFiles.TemporaryDirectory(_state.Path), supervisor.Port);

    private SupervisorProcess StartEmpty(int port) => SupervisorProcess.Start(port, _state.Path, ["--Monitors:Daemons", ""], ("Supervisor__Temporary", "true"));

    private SupervisorProcess Start(int port, int daemonPort, params (string Name, string? Value)[] environment)
        => SupervisorProcess.Start(port, _state.Path, ["--count", "1", "--base-port", daemonPort.ToString(CultureInfo.InvariantCulture)], environment);
}
