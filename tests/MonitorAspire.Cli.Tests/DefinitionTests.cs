using System.Diagnostics;
using System.Text.Json;
using MonitorAspire.Testing;

namespace MonitorAspire.Cli.Tests;

/// <summary>The definition of a daemon survives its instance: <c>restart</c>, <c>start</c> without a command, names, and <c>forget</c>.</summary>
public sealed class DefinitionTests : IAsyncDisposable
{
    private static readonly string Monitor = Path.Combine(AppContext.BaseDirectory, "monitor");

    private readonly CliFixture _cli = new();
    private readonly int _port = FreePort.Next();

    public DefinitionTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "shell scripts and symbolic links are Unix's");

    private string Port => CliFixture.Text(_port);

    public ValueTask DisposeAsync() => _cli.DisposeAsync();

    [Fact]
    public async Task Restart_AfterStopCrashAndFailedRestart_StartsTheSameProgram()
    {
        WriteApp("app.sh");
        var first = await _cli.JsonAsync(0, "start", "--port", Port, "--json", "--", "./app.sh", "--port", "{port}", "--host", "{host}", "--say", "it-is-me");
        await _cli.RunAsync("stop", "--port", Port);
        await AssertRestartsAsync();

        var pid = await File.ReadAllTextAsync(_cli.File(_port, "pid"), TestContext.Current.CancellationToken);
        Process.GetProcessById(int.Parse(pid.Trim(), System.Globalization.CultureInfo.InvariantCulture)).Kill();
        await Wait.UntilAsync(() => FreePort.IsFree(_port), "the daemon is dead");
        await AssertRestartsAsync();

        await File.WriteAllTextAsync(_cli["app.sh"], "#!/bin/sh\nexit 3\n", TestContext.Current.CancellationToken);
        var failed = await _cli.RunAsync("restart", "--port", Port);
        Assert.Equal(6, failed.ExitCode);
        Assert.Contains("IS DOWN", failed.Error);
        WriteApp("app.sh");
        await AssertRestartsAsync();

        await _cli.RunAsync("stop", "--port", Port);
        var started = await _cli.RunAsync("start", "--port", Port);
        Assert.Equal(0, started.ExitCode);
        Assert.Contains($"note: the definition of the last start was used (./app.sh); 'monitor forget --port {Port}' removes it", started.Error);
        Assert.Equal(5, (await _cli.RunAsync("logs", "--port", Port)).Out.Split('\n').Count(line => line == "it-is-me"));
        Assert.Equal(first.GetProperty("name").GetString(), (await _cli.JsonAsync(0, "status", "--port", Port, "--json")).GetProperty("name").GetString());

        async Task AssertRestartsAsync() => Assert.Equal("verified", (await _cli.JsonAsync(0, "restart", "--port", Port, "--json")).GetProperty("verdict").GetString());
    }

    [Fact]
    public async Task Restart_NothingKnown_IsAnErrorAndStartsNoOtherProgram()
    {
        (await _cli.RunAsync("restart", "--port", Port)).AssertOneLine(2, "no definition", $"'monitor start --port {Port}'");
        Assert.True(FreePort.IsFree(_port));
    }

    [Fact]
    public async Task Restart_DefinitionIsSpoilt_IsAnErrorAndStartsNoOtherProgram()
    {
        await _cli.RunAsync(CliFixture.StartFaulty(_port));
        await _cli.RunAsync("stop", "--port", Port);
        await File.WriteAllTextAsync(_cli.File(_port, "definition.json"), """{"port": "my-password"}""", TestContext.Current.CancellationToken);

        foreach (var command in (string[])["restart", "start"])
        {
            var result = await _cli.RunAsync(command, "--port", Port);
            result.AssertOneLine(1, _cli.File(_port, "definition.json"), "monitor forget");
            Assert.DoesNotContain("my-password", result.Error);
        }

        Assert.True(FreePort.IsFree(_port));
        Assert.Equal(0, (await _cli.RunAsync("forget", "--port", Port)).ExitCode);
        Assert.Equal(0, (await _cli.RunAsync(CliFixture.StartFaulty(_port))).ExitCode);
    }

    [Theory]
    [InlineData("start", "text")]
    [InlineData("start --force", "text")]
    [InlineData("start", "pipe")]
    [InlineData("start", "link")]
    [InlineData("start", "directory")]
    [InlineData("restart", "text")]
    public async Task Start_DefinitionIsSpoiltAndACommandIsGiven_StartsItAndKeepsTheOldFile(string command, string kind)
    {
        var path = _cli.File(_port, "definition.json");
        await _cli.RunAsync(CliFixture.StartFaulty(_port));
        await _cli.RunAsync("stop", "--port", Port);
        File.Delete(path);
        await ShellAsync(kind switch
        {
            "text" => $"printf '{{ my-old-settings' > '{path}'",
            "pipe" => $"mkfifo '{path}'",
            "link" => $"echo elsewhere > elsewhere && ln -s ../elsewhere '{path}'",
            _ => $"mkdir '{path}' && echo inside > '{path}/file'",
        });

        var started = await _cli.RunAsync([.. command.Split(' '), "--port", Port, "--json", "--", CliFixture.FaultDaemon, "--port", "{port}", "--host", "{host}"]);

        Assert.Equal(0, started.ExitCode);
        Assert.Contains("note: the stored definition could not be used (", started.Error);
        Assert.Contains($"it was replaced, and is kept as {path}.broken-1", started.Error);
        Assert.Equal(kind switch { "text" => "{ my-old-settings", "link" => "elsewhere", "directory" => "inside", _ => "a pipe" }, (await ShellAsync(
            $"cd '{_cli.StateDirectory}' && if test -p '{path}.broken-1'; then echo a pipe; elif test -d '{path}.broken-1'; then cat '{path}.broken-1/file'; else cat '{path}.broken-1'; fi")).Out);
        Assert.Equal(0, (await _cli.RunAsync("restart", "--port", Port)).ExitCode);
    }

    [Fact]
    public async Task Start_DefinitionIsSpoiltAndTheStartFailsBeforeItsProcess_KeepsTheFile()
    {
        Directory.CreateDirectory(_cli.StateDirectory);
        await File.WriteAllTextAsync(_cli.File(_port, "definition.json"), "{ no json", TestContext.Current.CancellationToken);

        Assert.Equal(2, (await _cli.RunAsync("start", "--port", Port, "--", "no-such-command-here")).ExitCode);
        Assert.Equal("{ no json", await File.ReadAllTextAsync(_cli.File(_port, "definition.json"), TestContext.Current.CancellationToken));

        // A roll-back needs the old definition.
        (await _cli.RunAsync([.. CliFixture.StartFaulty(_port, ["--force", "--rollback"], [])])).AssertOneLine(1, _cli.File(_port, "definition.json"));
    }

    [Fact]
    public async Task Restart_ReleaseLinkWasMoved_StartsInTheNewRelease()
    {
        foreach (var release in (string[])["1", "2"])
        {
            Directory.CreateDirectory(_cli[$"releases/{release}"]);
            WriteApp($"releases/{release}/app.sh", $"--say release-{release}");
        }

        File.CreateSymbolicLink(_cli["current"], "releases/1");
        Assert.Equal(0, (await ShellAsync($"cd current && '{Monitor}' start --port {Port} -- ./app.sh --port {{port}} --host {{host}}")).ExitCode);
        File.Delete(_cli["current"]);
        File.CreateSymbolicLink(_cli["current"], "releases/2");

        Assert.Equal("verified", (await _cli.JsonAsync(0, "restart", "--port", Port, "--json")).GetProperty("verdict").GetString());
        Assert.Equal(["release-1", "release-2"], (await _cli.RunAsync("logs", "--port", Port)).Out.Split('\n').Where(line => line.StartsWith("release-", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Start_WithVariables_KeepsThemInAPrivateFileAndShowsThemNowhere()
    {
        string[] start = ["start", "--port", Port, "--json", "--env", "WHO=me", "--env", "PASSWORD=hunter=2", "--", CliFixture.FaultDaemon, "--port", "{port}", "--host", "{host}"];
        var shown = (await _cli.RunAsync(start)).Out;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(_cli.File(_port, "definition.json")));
        Assert.Contains("hunter=2", await File.ReadAllTextAsync(_cli.File(_port, "definition.json"), TestContext.Current.CancellationToken));

        var restarted = await _cli.JsonAsync(0, "restart", "--port", Port, "--json");
        shown += restarted.ToString();
        foreach (var command in (string[][])[["status", "--port", Port, "--json"], ["status", "--all"], ["restart", "--port", Port], ["doctor", "--json"], ["stop", "--port", Port]])
        {
            var result = await _cli.RunAsync(command);
            shown += result.Out + result.Error;
            if (OperatingSystem.IsLinux() && command[0] == "status" && command.Contains("--json"))
            {
                var environment = (await File.ReadAllTextAsync($"/proc/{restarted.GetProperty("pid").GetInt32()}/environ", TestContext.Current.CancellationToken)).Split('\0');
                Assert.Contains("PASSWORD=hunter=2", environment);
                Assert.Contains("WHO=me", environment);
            }
        }

        Assert.DoesNotContain("hunter", shown);
    }

    [Fact]
    public async Task Start_AlreadyRunningWithAnotherCommand_KeepsTheRunningOneAndItsDefinition()
    {
        await _cli.RunAsync(CliFixture.StartFaulty(_port));
        var again = await _cli.RunAsync("start", "--port", Port, "--", "python3", "-m", "http.server", "{port}");
        Assert.Equal(0, again.ExitCode);
        Assert.Contains("started with another command", again.Error);

        await _cli.RunAsync("restart", "--port", Port);
        Assert.Contains("fault-daemon", (await _cli.JsonAsync(0, "status", "--port", Port, "--json")).GetProperty("command")[0].GetString());
    }

    [Fact]
    public async Task Start_DoubledBraces_AreTheTextOfThePlaceholder()
    {
        Assert.Equal(0, (await _cli.RunAsync(CliFixture.StartFaulty(_port, "--say", "{{port}} {port} {{host}} {other} {{{port}}}"))).ExitCode);
        Assert.Contains($"{{port}} {Port} {{host}} {{other}} {{{{port}}}}", (await _cli.RunAsync("logs", "--port", Port)).Out.Split('\n'));
    }

    [Fact]
    public async Task Forget_RunningAndStopped_RefusesAndThenForgets()
    {
        await _cli.RunAsync(CliFixture.StartFaulty(_port, ["--name", "web"], []));
        var refused = await _cli.RunAsync("forget", "web");
        refused.AssertOneLine(1, "web is not forgotten", "it runs (PID ", $"monitor stop --port {Port}");
        Assert.True(File.Exists(_cli.File(_port, "definition.json")));

        await _cli.RunAsync("stop", "web");
        var listed = await _cli.RunAsync("status", "--all");
        Assert.Contains("web ", listed.Out);
        Assert.Equal(3, listed.ExitCode);
        var forgotten = await _cli.RunAsync("forget", "web");
        Assert.Equal(("", 0), (forgotten.Error, forgotten.ExitCode));
        Assert.Equal($"web forgotten: a start on port {Port} without a command starts the built-in daemon", forgotten.Out);
        Assert.False(File.Exists(_cli.File(_port, "definition.json")));
        Assert.Equal(0, (await _cli.RunAsync("forget", "--port", Port)).ExitCode);
        (await _cli.RunAsync("restart", "--port", Port)).AssertOneLine(2, "no definition");

        var builtIn = await _cli.JsonAsync(0, "start", "--port", Port, "--json");
        Assert.Equal($"monitor-{Port}", builtIn.GetProperty("name").GetString());
    }

    [Fact]
    public async Task Forget_InstanceWasKilled_RemovesItsControlGroup()
    {
        var started = await _cli.JsonAsync(0, CliFixture.StartFaulty(_port, ["--json"], []));
        using var record = JsonDocument.Parse(await File.ReadAllTextAsync(_cli.File(_port, "instance.json"), TestContext.Current.CancellationToken));
        var mount = File.ReadLines("/proc/self/mountinfo").FirstOrDefault(l => l.Contains(" - cgroup2 ", StringComparison.Ordinal))?.Split(' ');
        var group = record.RootElement.TryGetProperty("controlGroup", out var name) && mount?[3] == "/" ? mount[4] + name.GetString() : null;
        Assert.SkipWhen(group is null, "no control group can be made here, or not where the mount shows it");
        Assert.True(Directory.Exists(group));
        CliFixture.Signal(started.GetProperty("pid").GetInt32(), "KILL");
        await Wait.UntilAsync(() => FreePort.IsFree(_port), "the daemon is dead");

        await Wait.UntilAsync(async () => (await _cli.RunAsync("forget", "--port", Port)).ExitCode == 0, "it is forgotten");

        Assert.False(Directory.Exists(group));
    }

    [Fact]
    public async Task Name_InPlaceOfThePort_MeansTheSameDaemonInEveryCommand()
    {
        await _cli.RunAsync(CliFixture.StartFaulty(_port, ["--name", "web"], ["--say", "hello"]));
        Assert.Equal(_port, (await _cli.JsonAsync(0, "status", "web", "--json")).GetProperty("port").GetInt32());
        Assert.Equal(_port, (await _cli.JsonAsync(0, "wait", "WEB", "--json"))[0].GetProperty("port").GetInt32());
        Assert.Contains("hello", (await _cli.RunAsync("logs", "web")).Out);
        Assert.Equal(_port, (await _cli.JsonAsync(0, "restart", "web", "--json")).GetProperty("port").GetInt32());
        Assert.Equal(_port, (await _cli.JsonAsync(0, "stop", "web", "--json")).GetProperty("port").GetInt32());
        Assert.Equal(("web", _port), await StartedAsync("start", "web", "--json"));
        Assert.Equal(("web", _port), await StartedAsync("restart", "web", "--json", "--", CliFixture.FaultDaemon, "--port", "{port}", "--host", "{host}"));

        Assert.Equal(("web", _port), await StartedAsync("start", "web", "--force", "--json", "--", CliFixture.FaultDaemon, "--port", "{port}", "--host", "{host}"));

        (await _cli.RunAsync("stop", "wep")).AssertOneLine(2, "no daemon is named 'wep'", $"web (port {Port})");
        Assert.Equal("web", (await _cli.RunAsync("[suggest:7]", "status w")).Out.Split('\n').FirstOrDefault(line => line == "web"));

        async Task<(string?, int)> StartedAsync(params string[] arguments)
        {
            var report = await _cli.JsonAsync(0, arguments);
            return (report.GetProperty("name").GetString(), report.GetProperty("port").GetInt32());
        }
    }

    [Fact]
    public async Task Name_OfTwoDaemons_IsAnErrorWithBothPorts()
    {
        var other = FreePort.Next();
        await _cli.RunAsync(CliFixture.StartFaulty(_port, ["--name", "web"], []));
        await _cli.RunAsync(CliFixture.StartFaulty(other, ["--name", "web"], []));
        (await _cli.RunAsync("stop", "web")).AssertOneLine(2, "several daemons", $"--port {Math.Min(_port, other)} or --port {Math.Max(_port, other)}");
        Assert.Equal(0, (await _cli.RunAsync("status", "--all")).ExitCode);
    }

    [Fact]
    public async Task Start_WorkingDirectoryWasDeleted_NamesIt()
    {
        Directory.CreateDirectory(_cli["gone"]);
        var result = await ShellAsync($"cd gone && rmdir ../gone && '{Monitor}' start --port {Port} -- '{CliFixture.FaultDaemon}'");
        result.AssertOneLine(2, "the working directory", _cli["gone"], "was deleted");
    }

    [Fact]
    public async Task Start_DeletedWorkingDirectoryOfAStoredDefinition_IsNamedAndDoesNotMatterForOthers()
    {
        Directory.CreateDirectory(_cli["there"]);
        await ShellAsync($"cd there && '{Monitor}' start --port {Port} -- '{CliFixture.FaultDaemon}' --port {{port}} --host {{host}}");
        Directory.CreateDirectory(_cli["gone"]);
        Assert.Equal(0, (await ShellAsync($"cd gone && rmdir ../gone && '{Monitor}' restart --port {Port}")).ExitCode);

        Directory.Delete(_cli["there"]);
        var refused = await _cli.RunAsync("restart", "--port", Port);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains($"the working directory {_cli["there"]} does not exist; nothing was stopped", refused.Error);
        Assert.Equal(0, (await _cli.RunAsync("status", "--port", Port)).ExitCode);
    }

    private void WriteApp(string name, string options = "")
    {
        File.WriteAllText(_cli[name], $"#!/bin/sh\nexec '{CliFixture.FaultDaemon}' \"$@\" {options}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_cli[name], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    // A shell keeps symbolic links in PWD.
    private async Task<CliResult> ShellAsync(string script)
    {
        await using var running = _cli.Start("sh", ["-c", script], []);
        return await running.EndAsync();
    }
}
