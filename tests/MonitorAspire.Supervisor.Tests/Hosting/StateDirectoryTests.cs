using System.Diagnostics;
using System.Globalization;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Hosting;

public sealed class StateDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly int _port = FreePort.Next();

    public StateDirectoryTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux tells that an open file was deleted");

    private string State => _directory["state"];

    private string Token => new SupervisorFiles(State, _port).Token;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Run_StateDirectoryIsDeleted_TokenAndLockAreRestored()
    {
        await using var first = Start(_port);
        await first.RunningAsync(1);
        var token = await File.ReadAllTextAsync(Token);

        // Stopped, so that it does not restore files while the directory is being deleted.
        await first.SignalAsync("STOP");
        Directory.Delete(State, recursive: true);
        await first.SignalAsync("CONT");

        await Wait.UntilAsync(() => File.Exists(Token), "the token");
        Assert.Equal(token, await File.ReadAllTextAsync(Token));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Token));
        await using var second = Start(_port);
        Assert.Equal(8, await second.ExitAsync());
        Assert.Contains($"PID {first.Pid} ", Assert.Single(second.Errors), StringComparison.Ordinal);
        Assert.Contains(first.Output, line => line.Contains("they are restored", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_TokenIsDeleted_IsRestored()
    {
        await using var supervisor = Start(_port);
        await supervisor.RunningAsync(1);
        var token = await File.ReadAllTextAsync(Token);

        File.Delete(Token);

        await Wait.UntilAsync(() => File.Exists(Token), "the token");
        Assert.Equal(token, await File.ReadAllTextAsync(Token));
    }

    [Fact]
    public async Task Run_StateDirectoryIsDeletedAndNotYetRestored_ASecondSupervisorIsRefused()
    {
        await using var first = Start(_port);
        await first.RunningAsync(1);

        // Stopped, it cannot restore anything before the second one starts.
        await first.SignalAsync("STOP");
        Directory.Delete(State, recursive: true);
        await using var second = Start(_port);
        var exitCode = await second.ExitAsync();
        await first.SignalAsync("CONT");

        Assert.Equal(8, exitCode);
        Assert.Contains($"PID {first.Pid} ", Assert.Single(second.Errors), StringComparison.Ordinal);
        await Wait.UntilAsync(() => File.Exists(Token), "the token");
        await first.RunningAsync(1);
    }

    [Fact]
    public async Task Run_AnotherProcessHasTakenTheDeletedLock_EndsInOrderWith8()
    {
        await using var supervisor = Start(_port);
        var daemon = (await supervisor.RunningAsync(1))[0].Pid!.Value;
        await supervisor.SignalAsync("STOP");
        Directory.Delete(State, recursive: true);
        Directory.CreateDirectory(State, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var path = new SupervisorFiles(State, _port).Lock;
        using var other = Process.Start(new ProcessStartInfo("flock", ["-x", path, "sh", "-c", "echo locked; exec sleep 300"]) { RedirectStandardOutput = true })!;
        try
        {
            Assert.Equal("locked", await other.StandardOutput.ReadLineAsync().WaitAsync(Wait.Generous));
            await supervisor.SignalAsync("CONT");

            Assert.Equal(8, await supervisor.ExitAsync());
            Assert.Contains(path, Assert.Single(supervisor.Output, line => line.Contains("crit:", StringComparison.Ordinal)), StringComparison.Ordinal);
            Assert.Contains(supervisor.Output, line => line.Contains("Stopped;", StringComparison.Ordinal));
            Assert.NotEqual(ProcessPresence.Alive, ProcessTable.Current.Lookup(daemon).Presence);
        }
        finally
        {
            other.Kill(entireProcessTree: true);
            await other.WaitForExitAsync();
        }
    }

    private SupervisorProcess Start(int port)
        => SupervisorProcess.Start(port, State, ["--count", "1", "--base-port", FreePort.Next().ToString(CultureInfo.InvariantCulture)]);
}
