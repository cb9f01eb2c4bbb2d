using System.Diagnostics;
using System.Runtime.Versioning;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Processes;

[SupportedOSPlatform("linux")]
public sealed class AbandonedChecksTests : IDisposable
{
    private const string State = "/var/lib/of-this-test";

    private readonly List<Process> _started = [];

    public AbandonedChecksTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "the environment of a process is Linux's");

    public void Dispose()
    {
        foreach (var process in _started)
        {
            process.Kill();
            process.Dispose();
        }
    }

    [Fact]
    public async Task Stop_MakerIsGone_StopsItsChecksOfThisStateDirectoryOnly()
    {
        var abandoned = Start(OfDeadMaker(), State);
        int[] others = [Start(CommandCheck.NewId(), State), Start(OfDeadMaker(), State + "-of-another"), Start("9000-0123456789abcdef0123456789abcdef", State), Start("check-x-1-2", State)];

        var table = ProcessTable.Current;
        Assert.Equal([abandoned], await new AbandonedChecks(table, new TreeStopper(table, new InstanceTree(table), TimeProvider.System)).StopAsync(State));

        await Wait.UntilAsync(() => table.Lookup(abandoned).Presence == ProcessPresence.Dead, "the abandoned check is stopped");
        Assert.All(others, pid => Assert.Equal(ProcessPresence.Alive, table.Lookup(pid).Presence));
    }

    // The same PID with another start time.
    private static string OfDeadMaker() => CommandCheck.NewId().Replace($"check-{Environment.ProcessId}-", $"check-{Environment.ProcessId}-9", StringComparison.Ordinal);

    private int Start(string id, string stateDirectory)
    {
        var start = new ProcessStartInfo("sleep", "600");
        start.Environment[InstanceRecord.EnvironmentVariable] = id;
        start.Environment[StateDirectory.EnvironmentVariable] = stateDirectory;
        var process = Process.Start(start)!;
        _started.Add(process);
        return process.Id;
    }
}
