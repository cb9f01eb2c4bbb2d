using System.Globalization;
using System.Net;
using System.Text.Json;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Hosting;

/// <summary>Changes over the REST API with real daemons, through reloads and the death of the supervisor.</summary>
public sealed class DefinitionLifeTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly int _port = FreePort.Next();
    private readonly int _basePort = FreePort.Consecutive(4);

    private string Config => _directory["monitors.json"];

    private string State => _directory["state"];

    private string OverlayFile => new SupervisorFiles(State, _port).Daemons;

    public DefinitionLifeTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are Unix's");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task RestApi_AddChangeTakeOut_TouchesOnlyThatDaemonAndSurvivesReloadAndKill()
    {
        await WriteAsync(Fleet(("a", _basePort), ("b", _basePort + 1)));
        IReadOnlyList<DaemonSnapshot> before;
        await using (var killed = Start())
        {
            var first = await killed.RunningAsync(2);

            Assert.Equal(HttpStatusCode.Created, await PutAsync(killed, "c", Third("c")));
            var three = await killed.RunningAsync(3);
            Assert.Equal(HttpStatusCode.OK, (await killed.SendAsync(HttpMethod.Delete, "/api/daemons/b", State)).StatusCode);
            Assert.True(FreePort.IsFree(_basePort + 1));
            Assert.Equal(HttpStatusCode.OK, await PutAsync(killed, "c", Third("changed")));
            await Wait.UntilAsync(async () => (await killed.DaemonsAsync())[1] is { State: DaemonState.Running } c && c.Pid != three[2].Pid, "the changed daemon");

            // The same definition again is not a change.
            var changed = await killed.RunningAsync(2);
            Assert.Equal(HttpStatusCode.OK, await PutAsync(killed, "c", Third("changed")));

            // A changed file leaves the daemons alone that were changed over the REST API.
            await WriteAsync(Fleet(("a", _basePort), ("b", _basePort + 1), ("d", _basePort + 3)));
            before = await killed.RunningAsync(3);
            Assert.Equal(["a", "d", "c"], before.Select(d => d.Name));
            Assert.Equal(first[0].Pid, before[0].Pid);
            Assert.Equal(changed[1].Pid, before[2].Pid);
            if (OperatingSystem.IsLinux())
            {
                Assert.Contains("WHO=changed", (await File.ReadAllTextAsync($"/proc/{before[2].Pid}/environ")).Split('\0'));
            }

            // A file with the port of a daemon that was added over the REST API is refused.
            await WriteAsync(Fleet(("a", _basePort), ("e", _basePort + 2)));
            await Wait.UntilAsync(
                () => killed.Output.Any(l => l.Contains($"NOT applied, nothing was changed: port {_basePort + 2} is given to 'e' by the configuration and 'c' over the REST API", StringComparison.Ordinal)),
                "the refusal");
            await WriteAsync(Fleet(("a", _basePort), ("b", _basePort + 1), ("d", _basePort + 3)));

            await killed.SignalAsync("KILL");
            await killed.ExitAsync();
        }

        await using var next = Start();
        var adopted = await next.RunningAsync(3);

        Assert.Equal(before.Select(d => (d.Name, d.Pid)), adopted.Select(d => (d.Name, d.Pid)));
        Assert.Equal(HttpStatusCode.OK, (await next.SendAsync(HttpMethod.Post, "/api/daemons/b/revert", State)).StatusCode);
        Assert.Equal(["a", "b", "d", "c"], (await next.RunningAsync(4)).Select(d => d.Name));
    }

    [Fact]
    public async Task RestApi_ChangeThatCannotServe_LeavesOrRestoresTheOldDefinition()
    {
        await WriteAsync(Fleet(("a", _basePort)));
        await using var supervisor = Start();
        var first = Assert.Single(await supervisor.RunningAsync(1));

        // Known before the stop: nothing is stopped.
        var missing = await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/a", State, $$"""{"port":{{_basePort}},"command":"/no/such/command"}""");
        Assert.Equal(HttpStatusCode.Conflict, missing.StatusCode);
        Assert.Contains("command-not-found", await missing.Content.ReadAsStringAsync());
        Assert.Equal(first.Pid, Assert.Single(await supervisor.RunningAsync(1)).Pid);

        // Known only by the start: the old definition is started again, and the change is not kept.
        var failed = await supervisor.SendAsync(
            HttpMethod.Put, "/api/daemons/a", State, $$"""{"port":{{_basePort}},"command":"/bin/sh","arguments":["-c","exit 3"],"rollback":true}""");
        var problem = await failed.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.Conflict, failed.StatusCode);
        Assert.Contains("exit code 3", problem);
        Assert.Contains("the old definition is started again, verified as PID", problem);
        var restored = Assert.Single(await supervisor.RunningAsync(1));
        Assert.NotEqual(first.Pid, restored.Pid);
        Assert.DoesNotContain("exit 3", await File.ReadAllTextAsync(OverlayFile));

        // The same from the configuration.
        await WriteAsync($$$"""{"Monitors":{"Daemons":[{"Name":"a","Port":{{{_basePort}}},"Command":"/bin/sh","Arguments":["-c","exit 4"],"Rollback":true}]}}""");
        await Wait.UntilAsync(() => supervisor.Output.Any(l => l.Contains("a: rolled back: the changed definition did not start", StringComparison.Ordinal)), "the roll-back");
        await Wait.UntilAsync(async () => (await supervisor.RunningAsync(1))[0].Pid != restored.Pid, "the old definition runs again");
    }

    [Fact]
    public async Task RestApi_DaemonThatWasTakenOut_StaysOutAfterARestart()
    {
        await WriteAsync(Fleet(("a", _basePort), ("b", _basePort + 1)));
        await using (var first = Start())
        {
            await first.RunningAsync(2);
            await first.SendAsync(HttpMethod.Delete, "/api/daemons/a", State);
            await first.SendAsync(HttpMethod.Delete, "/api/daemons/b", State);
            await first.SignalAsync("TERM");
            Assert.Equal(0, await first.ExitAsync());
        }

        await using var second = Start();

        await second.RunningAsync(0);
        Assert.True(FreePort.IsFree(_basePort));
    }

    [Fact]
    public async Task RestApi_DaemonNeverListens_IsTakenOutWhileItStarts()
    {
        await WriteAsync(Fleet(("a", _basePort)));
        await using var supervisor = Start();
        await supervisor.RunningAsync(1);
        await PutAsync(supervisor, "sleepy", $$"""{"port":{{_basePort + 1}},"command":"/bin/sleep","arguments":["300"]}""");
        int? pid = null;
        await Wait.UntilAsync(async () => (pid = (await supervisor.DaemonsAsync())[1].Pid) is not null, "the process");

        var response = await supervisor.SendAsync(HttpMethod.Delete, "/api/daemons/sleepy", State);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Null(Supervision.Identity.ProcessTable.Current.Identify(pid!.Value));
        await supervisor.RunningAsync(1);
    }

    [Fact]
    public async Task Start_OverlayIsBroken_Is2NamesFileKeyAndValueAndLosesNothing()
    {
        await WriteAsync(Fleet(("a", _basePort)));
        await WriteOverlayAsync($$"""{"daemons":[{"name":"web","port":{{_basePort + 1}}},{"name":"bad","port":99999}]}""");
        await using var supervisor = Start();

        Assert.Equal(2, await supervisor.ExitAsync());
        var line = Assert.Single(supervisor.Errors);
        Assert.Contains($"{OverlayFile}: daemons.1.port: port 99999 is out of range", line, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(OverlayFile));
        Assert.Equal(2, json.RootElement.GetProperty("daemons").GetArrayLength());
        Assert.Empty(Directory.GetFiles(State, "monitor-daemon*"));
    }

    [Fact]
    public async Task Start_OverlayDoesNotGoWithTheConfiguration_Is2AndNamesBoth()
    {
        await WriteAsync(Fleet(("a", _basePort)));
        await WriteOverlayAsync($$"""{"daemons":[{"name":"web","port":{{_basePort}}}]}""");
        await using var supervisor = Start();

        Assert.Equal(2, await supervisor.ExitAsync());
        var line = Assert.Single(supervisor.Errors);
        Assert.Contains($"port {_basePort} is given to 'a' by the configuration and 'web' over the REST API", line, StringComparison.Ordinal);
        Assert.Contains(OverlayFile, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".token")]
    [InlineData(".daemons.json")]
    public async Task Start_FileIsOpenToOthers_Is7AndNamesIt(string ending)
    {
        await WriteAsync(Fleet(("a", _basePort)));
        Directory.CreateDirectory(State);
        var file = Path.Combine(State, $"supervisor-{_port}{ending}");
        await File.WriteAllTextAsync(file, ending.EndsWith("json", StringComparison.Ordinal) ? "{}" : new string('a', 64));
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite);
        await using var supervisor = Start();

        Assert.Equal(7, await supervisor.ExitAsync());
        Assert.Contains($"{file} is open to others (mode 0602)", Assert.Single(supervisor.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SomebodyElseLaunchesTheDaemon_ChangesHaveNoEffect()
    {
        await WriteAsync($$$"""{"Monitors":{"Daemons":[{"Name":"a","Port":{{{_basePort}}},"Launch":"Attached"}]}}""");
        await WriteOverlayAsync($$"""{"daemons":[{"name":"a","port":{{_basePort + 1}}}]}""");
        await using var supervisor = Start();

        await Wait.UntilAsync(() => supervisor.Output.Any(l => l.Contains("changes to a in", StringComparison.Ordinal)), "the warning");
        IReadOnlyList<DaemonSnapshot> daemons = [];
        await Wait.UntilAsync(
            async () =>
            {
                try
                {
                    daemons = await supervisor.DaemonsAsync();
                    return true;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            "the REST API");
        Assert.Equal(_basePort, Assert.Single(daemons).Port);
        Assert.Equal(HttpStatusCode.Conflict, await PutAsync(supervisor, "a", $$"""{"port":{{_basePort + 1}}}"""));
    }

    private static string Fleet(params (string Name, int Port)[] daemons)
        => $$$"""{"Monitors":{"Daemons":[{{{string.Join(',', daemons.Select(d => string.Create(CultureInfo.InvariantCulture, $"{{\"Name\":\"{d.Name}\",\"Port\":{d.Port}}}")))}}}]}}""";

    private string Third(string who) => $$$"""{"port":{{{_basePort + 2}}},"environment":{"WHO":"{{{who}}}"}}""";

    private SupervisorProcess Start() => SupervisorProcess.Start(_port, State, ["--config", Config]);

    private async Task<HttpStatusCode> PutAsync(SupervisorProcess supervisor, string name, string json)
        => (await supervisor.SendAsync(HttpMethod.Put, $"/api/daemons/{name}", State, json)).StatusCode;

    private async Task WriteOverlayAsync(string content)
    {
        Directory.CreateDirectory(State);
        await File.WriteAllTextAsync(OverlayFile, content);
        File.SetUnixFileMode(OverlayFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private async Task WriteAsync(string content)
    {
        await File.WriteAllTextAsync(Config + ".new", content);
        File.Move(Config + ".new", Config, overwrite: true);
    }
}
