using System.Diagnostics;
using System.Globalization;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Hosting;

/// <summary>A supervisor without descriptors is in trouble itself. Its daemons are not.</summary>
public sealed class DescriptorTests : IDisposable
{
    private readonly TemporaryDirectory _state = new();
    private readonly int _port = FreePort.Next();
    private readonly int _basePort = FreePort.Consecutive(3);

    public DescriptorTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "prlimit is Linux's");

    public void Dispose() => _state.Dispose();

    [Fact]
    public async Task Run_NoDescriptorsLeft_KeepsTheDaemonsAndSaysSo()
    {
        await using var supervisor = Start();
        var before = await supervisor.RunningAsync(3);

        // All code for probes and answers is loaded by now. A limit of 1 lets no descriptor be opened.
        await Task.Delay(TimeSpan.FromSeconds(3));
        var (soft, hard) = LimitOf(supervisor.Pid);
        await SetLimitAsync(supervisor.Pid, "1", hard);
        await SaidAsync(supervisor, "The supervisor itself is in trouble and cannot probe");
        await Task.Delay(TimeSpan.FromSeconds(8)); // far more than the three probes that would restart a daemon
        await SetLimitAsync(supervisor.Pid, soft, hard);
        await SaidAsync(supervisor, "The supervisor can probe all daemons again");

        await AssertUntouchedAsync(supervisor, before);
    }

    private static async Task AssertUntouchedAsync(SupervisorProcess supervisor, IReadOnlyList<Supervision.Fleet.DaemonSnapshot> before)
    {
        var after = await supervisor.RunningAsync(3);
        Assert.Equal(before.Select(d => (d.Pid, 0, 0)), after.Select(d => (d.Pid, d.Restarts, d.ConsecutiveFailures)));
        Assert.All(after, d => Assert.Null(d.LastFailure));
        Assert.DoesNotContain(supervisor.Output, line => line.Contains("is Unhealthy", StringComparison.Ordinal));
    }

    private static Task SaidAsync(SupervisorProcess supervisor, string text) => Wait.UntilAsync(
        () => supervisor.Output.Concat(supervisor.Errors).Any(line => line.Contains(text, StringComparison.Ordinal)), text);

    private SupervisorProcess Start() =>
        SupervisorProcess.Start(_port, _state.Path, ["--count", "3", "--base-port", _basePort.ToString(CultureInfo.InvariantCulture)]);

    private static (string Soft, string Hard) LimitOf(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/limits").Single(l => l.StartsWith("Max open files", StringComparison.Ordinal));
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return (words[3], words[4]);
    }

    private static async Task SetLimitAsync(int pid, string soft, string hard)
    {
        using var prlimit = Process.Start("prlimit", [$"--pid={pid}", $"--nofile={soft}:{hard}"]);
        await prlimit.WaitForExitAsync();
        Assert.Equal(0, prlimit.ExitCode);
    }
}
