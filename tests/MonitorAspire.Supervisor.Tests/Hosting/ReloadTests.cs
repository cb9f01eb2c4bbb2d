using System.Diagnostics;
using System.Globalization;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Hosting;

/// <summary>Changes of the configuration file while the supervisor runs.</summary>
public sealed class ReloadTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly int _port = FreePort.Next();
    private readonly int _basePort = FreePort.Consecutive(3);

    private string Config => _directory["monitors.json"];

    private string State => _directory["state"];

    public ReloadTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are Unix's");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Reload_AddedOrBroken_TouchesOnlyWhatChangedAndNamesFileKeyAndValue()
    {
        await using var supervisor = await StartAsync(Fleet(("a", _basePort)));
        var before = Assert.Single(await supervisor.RunningAsync(1));

        await WriteAsync(Fleet(("a", _basePort), ("b", _basePort + 1)));
        var both = await supervisor.RunningAsync(2);
        Assert.Equal(before.Pid, both[0].Pid);

        foreach (var (broken, says) in ((string, string)[])
        [
            ("{\n \"Monitors\":", $"{Config}: not JSON at line 2"),
            (Fleet(("a", 99999)), $"{Config}: Monitors:Daemons:0:Port: port 99999 is out of range"),
            ("""{"Monitors":{"Daemons":[{"Name":"a","Port":"x"}]}}""", $"{Config}: Monitors:Daemons:0:Port: 'x' is not a whole number"),
            ("""{"Monitors":{"Daemons":[{"Name":"a","Prot":9000}]}}""", $"{Config}: Monitors:Daemons:0:Prot: is not a setting"),
            ("""{"Monitors":{"Daemons":[{"Name":"a","Port":9000,"Arguments":"100"}]}}""", $"{Config}: Monitors:Daemons:0:Arguments: must be a list of texts"),
            ("""{"Monitors":{"StartTimeout":"soon"}}""", $"{Config}: Monitors:StartTimeout: 'soon' is not a time"),
            ("""{"Monitors":{"Probe":{"Failures":0}}}""", $"{Config}: Monitors:Probe:Failures: 0 is out of range"),
            ("""{"Supervisor":{"AlertWebhook":"nowhere"}}""", $"{Config}: Supervisor:AlertWebhook: 'nowhere'"),
            (Fleet(("a", _basePort), ("b", _basePort)), $"port {_basePort} is given to 'a' and 'b'"),
            (Fleet(("a", _port)), $"port {_port} is used by the supervisor's REST API"),
        ])
        {
            await WriteAsync(broken);
            await SaysAsync(supervisor, "NOT applied, nothing was changed: ", says);
        }

        Assert.Equal(both.Select(d => d.Pid), (await supervisor.RunningAsync(2)).Select(d => d.Pid));
    }

    [Fact]
    public async Task Start_SupervisorWasKilledAndADaemonIsNotWantedAnyMore_IsStoppedAndSaid()
    {
        int? kept;
        await using (var killed = await StartAsync(Fleet(("a", _basePort), ("b", _basePort + 1))))
        {
            kept = (await killed.RunningAsync(2))[0].Pid;
            await killed.SignalAsync("KILL");
            await killed.ExitAsync();
        }

        await using var next = await StartAsync(Fleet(("a", _basePort)));

        Assert.Equal(kept, Assert.Single(await next.RunningAsync(1)).Pid);
        await SaysAsync(next, $"b (port {_basePort + 1}) is of this fleet, but the configuration does not name it any more: PID ", "is stopped");
        Assert.True(FreePort.IsFree(_basePort + 1));
    }

    [Fact]
    public async Task Reload_FleetWideOptions_HoldWithoutTouchingADaemon()
    {
        await using var supervisor = await StartAsync(Fleet(("a", _basePort)));
        var before = Assert.Single(await supervisor.RunningAsync(1));

        await WriteAsync($$$"""
            {"Monitors":{"StartTimeout":"00:00:20","StopGracePeriod":"00:00:04","Restart":{"Budget":9},"Probe":{"Interval":"00:00:02"},
             "StateDirectory":"{{{_directory["other"]}}}","Daemons":[{"Name":"a","Port":{{{_basePort}}}}]},
             "Supervisor":{"AlertWebhook":"https://user:secret@example.org/alerts","AllowedHosts":"other.example","Port":1234}}
            """);

        await SaysAsync(supervisor, "Changed configuration applied.", "updated: a;");
        await SaysAsync(supervisor, "for all: ", "StartTimeout 00:00:30 -> 00:00:20, StopGracePeriod 00:00:10 -> 00:00:04, ProbeInterval 00:00:01 -> 00:00:02");
        await SaysAsync(supervisor, "Supervisor:AlertWebhook at example.org", "");

        // Port and state directory are on the command line, which takes precedence. This setting is not.
        await SaysAsync(supervisor, "only applied by a restart of the supervisor: ", "Supervisor:AllowedHosts (none remains)");
        Assert.DoesNotContain(supervisor.Output, line => line.Contains("secret", StringComparison.Ordinal));
        Assert.Equal(before.Pid, Assert.Single(await supervisor.RunningAsync(1)).Pid);
        Assert.False(Directory.Exists(_directory["other"]));
    }

    [Fact]
    public async Task Reload_PortAndStateDirectoryChanged_NamesWhatRemains()
    {
        await WriteAsync(Fleet(_port, State, ("a", _basePort)));
        await using var supervisor = SupervisorProcess.Start(SupervisorProcess.Executable, ["--config", Config], _port);
        var before = Assert.Single(await supervisor.RunningAsync(1));

        await WriteAsync(Fleet(_port + 1, _directory["other"], ("a", _basePort), ("b", _basePort + 1)));

        var both = await supervisor.RunningAsync(2);
        Assert.Equal(before.Pid, both[0].Pid);
        Assert.StartsWith(State, both[1].PidFile, StringComparison.Ordinal);
        await SaysAsync(supervisor, $"(http://127.0.0.1:{_port} remains)", $"Monitors:StateDirectory ({State} remains)");
        Assert.False(Directory.Exists(_directory["other"]));
    }

    [Fact]
    public async Task Reload_LastDaemonLeavesTheList_IsAFleetOfNone()
    {
        await using var supervisor = await StartAsync(Fleet(("a", _basePort)));
        await supervisor.RunningAsync(1);

        await WriteAsync(Fleet());

        await supervisor.RunningAsync(0);
        Assert.True(FreePort.IsFree(_basePort));
    }

    [Fact]
    public async Task Reload_FileBecomesAFifo_IsSaidOnceAndTheFleetStays()
    {
        await using var supervisor = await StartAsync(Fleet(("a", _basePort)));
        var before = Assert.Single(await supervisor.RunningAsync(1));

        using (var make = Process.Start("mkfifo", [Config + ".new"]))
        {
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        File.Move(Config + ".new", Config, overwrite: true);
        await SaysAsync(supervisor, "NOT applied, nothing was changed: ", $"'{Config}': it is no regular file");
        Assert.Equal(before.Pid, Assert.Single(await supervisor.RunningAsync(1)).Pid);

        // The next file is applied: nothing waits for a writer.
        await WriteAsync(Fleet(("a", _basePort), ("b", _basePort + 1)));
        Assert.Equal(before.Pid, (await supervisor.RunningAsync(2))[0].Pid);
        Assert.Single(supervisor.Output, line => line.Contains("NOT applied", StringComparison.Ordinal));
        await supervisor.SignalAsync("TERM");
        Assert.Equal(0, await supervisor.ExitAsync());
    }

    [Fact]
    public async Task Reload_TargetOfASymbolicLinkChanges_IsApplied()
    {
        Directory.CreateDirectory(_directory["data"]);
        var target = Path.Combine(_directory["data"], "monitors.json");
        await File.WriteAllTextAsync(target, Fleet(("a", _basePort)));
        File.CreateSymbolicLink(Config, "data/monitors.json");
        await using var supervisor = SupervisorProcess.Start(_port, State, ["--config", Config]);
        var before = Assert.Single(await supervisor.RunningAsync(1));

        await File.WriteAllTextAsync(target, Fleet(("a", _basePort), ("b", _basePort + 1)));
        Assert.Equal(before.Pid, (await supervisor.RunningAsync(2))[0].Pid);

        // The link itself is replaced, as configuration management does it.
        await File.WriteAllTextAsync(_directory["next.json"], Fleet(("a", _basePort)));
        File.CreateSymbolicLink(_directory["link"], "next.json");
        File.Move(_directory["link"], Config, overwrite: true);
        Assert.Equal(before.Pid, Assert.Single(await supervisor.RunningAsync(1)).Pid);
    }

    [Fact]
    public async Task Reload_LayoutOfAKubernetesConfigMap_IsAppliedAndABrokenOneIsSaidOnce()
    {
        // https://github.com/kubernetes/kubernetes: pkg/volume/util/atomic_writer.go describes the layout.
        var map = Directory.CreateDirectory(_directory["map"]).FullName;
        async Task PublishAsync(string version, string? content)
        {
            Directory.CreateDirectory(Path.Combine(map, version));
            if (content is not null)
            {
                await File.WriteAllTextAsync(Path.Combine(map, version, "monitors.json"), content);
            }

            File.CreateSymbolicLink(Path.Combine(map, "..data_tmp"), version);
            using var rename = Process.Start("mv", ["-T", Path.Combine(map, "..data_tmp"), Path.Combine(map, "..data")]);
            await rename.WaitForExitAsync();
        }

        await PublishAsync("..1", Fleet(("a", _basePort)));
        File.CreateSymbolicLink(Path.Combine(map, "monitors.json"), "..data/monitors.json");
        await using var supervisor = SupervisorProcess.Start(_port, State, ["--config", Path.Combine(map, "monitors.json")]);
        var before = Assert.Single(await supervisor.RunningAsync(1));

        await PublishAsync("..2", Fleet(("a", _basePort), ("b", _basePort + 1)));
        Assert.Equal(before.Pid, (await supervisor.RunningAsync(2))[0].Pid);

        await PublishAsync("..3", "{ broken");
        await SaysAsync(supervisor, "NOT applied, nothing was changed: ", "not JSON");
        await PublishAsync("..4", null);
        await SaysAsync(supervisor, "NOT applied, nothing was changed: ", "there is no such file");
        await PublishAsync("..5", Fleet(("a", _basePort), ("c", _basePort + 2)));
        await Wait.UntilAsync(async () => (await supervisor.RunningAsync(2))[1].Name == "c", "the last version is applied");
        Assert.Equal(before.Pid, (await supervisor.RunningAsync(2))[0].Pid);
        Assert.Equal(2, supervisor.Output.Count(line => line.Contains("NOT applied", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Reload_HangUpUnderSystemd_AppliesAFileWithTheSameSizeAndTime()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is Linux's");

        // Written in place behind a link, and the time of the last write is set back: only the signal tells that it changed.
        Directory.CreateDirectory(_directory["data"]);
        var target = Path.Combine(_directory["data"], "monitors.json");
        await File.WriteAllTextAsync(target, Fleet(("a", _basePort)));
        File.CreateSymbolicLink(Config, target);
        await using var shell = SupervisorProcess.StartUnderSystemd(
            _directory["systemd"], ["--port", _port.ToString(CultureInfo.InvariantCulture), "--state-dir", State, "--config", Config], _port);
        await Wait.UntilAsync(() => shell.Output.Count > 0, "the supervisor's PID");
        var pid = int.Parse(shell.Output.First(), CultureInfo.InvariantCulture);
        try
        {
            Assert.Equal("a", Assert.Single(await shell.RunningAsync(1)).Name);
            var written = File.GetLastWriteTimeUtc(target);
            await using (var file = new FileStream(target, FileMode.Open))
            {
                await file.WriteAsync(System.Text.Encoding.UTF8.GetBytes(Fleet(("b", _basePort))));
                await file.FlushAsync();
                File.SetLastWriteTimeUtc(file.SafeFileHandle, written);
            }

            await SupervisorProcess.SignalAsync(pid, "HUP");

            await Wait.UntilAsync(async () => (await shell.RunningAsync(1))[0].Name == "b", "the new name");
        }
        finally
        {
            await SupervisorProcess.SignalAsync(pid, "TERM");
            Assert.Equal(0, await shell.ExitAsync());
        }
    }

    private static Task SaysAsync(SupervisorProcess supervisor, string what, string more) => Wait.UntilAsync(
        () => supervisor.Output.Any(line => line.Contains(what, StringComparison.Ordinal) && line.Contains(more, StringComparison.Ordinal)),
        $"a line with \"{what}\" and \"{more}\" in:\n{string.Join('\n', supervisor.Output)}");

    private static string Fleet(params (string Name, int Port)[] daemons)
        => $$$"""{"Monitors":{"Daemons":[{{{List(daemons)}}}]}}""";

    private static string Fleet(int port, string state, params (string Name, int Port)[] daemons)
        => $$$"""{"Supervisor":{"Port":{{{port}}}},"Monitors":{"StateDirectory":"{{{state}}}","Daemons":[{{{List(daemons)}}}]}}""";

    private static string List((string Name, int Port)[] daemons) => string.Join(',', daemons.Select(d => $"{{\"Name\":\"{d.Name}\",\"Port\":{d.Port}}}"));

    private async Task<SupervisorProcess> StartAsync(string configuration)
    {
        await WriteAsync(configuration);
        return SupervisorProcess.Start(_port, State, ["--config", Config]);
    }

    // As an editor does it: the reader never sees a part of the file.
    private async Task WriteAsync(string content)
    {
        await File.WriteAllTextAsync(Config + ".new", content);
        File.Move(Config + ".new", Config, overwrite: true);
    }
}
