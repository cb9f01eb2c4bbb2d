using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Tests.Startup;

/// <summary>Environment files, user, group, umask and limits of real processes.</summary>
public sealed class LaunchSettingsTests : IAsyncDisposable
{
    private const string Nobody = "nobody";

    private const string Serve = """
        import http.server, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
        print("ready", flush=True)
        http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
        """;

    private readonly EngineFixture _fixture = new();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Start_EnvironmentFiles_LaterOnesAndTheDefinitionReplaceEarlierOnes()
    {
        var first = Write("first.env", "A=first\nB=first\nC=first\nBRACES={port}\n");
        var second = Write("second.env", "export B='of second'\nC=second");

        var report = await StartAsync(_fixture.Faulty() with
        {
            EnvironmentFiles = [Path.GetFileName(first), $"-{_fixture["none.env"]}", second],
            WorkingDirectory = Path.GetDirectoryName(first),
            Environment = new Dictionary<string, string?> { ["C"] = "definition" },
        });

        var environment = File.ReadAllText($"/proc/{report.Pid}/environ").Split('\0');
        Assert.Subset(environment.ToHashSet(), new HashSet<string> { "A=first", "B=of second", "C=definition", "BRACES={port}" });
    }

    [Fact]
    public async Task Start_EnvironmentFileChanged_IsReadAnew()
    {
        var file = Write("app.env", "A=old");
        var spec = _fixture.Faulty() with { EnvironmentFiles = [file] };
        await StartAsync(spec);
        await _fixture.StopAsync(spec);
        Write("app.env", "A=new");

        Assert.Contains("A=new", File.ReadAllText($"/proc/{(await StartAsync(spec)).Pid}/environ").Split('\0'));
    }

    [Theory]
    [InlineData(null, 0, StartupReason.InvalidConfiguration, "does not exist; written as '-")]
    [InlineData("A='hunter2", 0, StartupReason.InvalidConfiguration, "line 1: the quote has no end")]
    [InlineData("A=1", UnixFileMode.OtherWrite, StartupReason.PermissionDenied, "can be changed by other users")]
    [InlineData("A=1", UnixFileMode.GroupWrite, StartupReason.PermissionDenied, "can be changed by other users")]
    public async Task Start_EnvironmentFileIsWrong_SaysWhyAndStartsNothing(string? content, UnixFileMode more, StartupReason reason, string expected)
    {
        var file = _fixture["app.env"];
        if (content is not null)
        {
            File.SetUnixFileMode(Write("app.env", content), UnixFileMode.UserRead | UnixFileMode.UserWrite | more);
        }

        var spec = _fixture.Faulty() with { EnvironmentFiles = [file] };
        var report = await _fixture.StartAsync(spec);

        Assert.Equal((StartupVerdict.Failed, reason), (report.Verdict, report.Reason));
        Assert.Contains(expected, report.Detail, StringComparison.Ordinal);
        Assert.Contains(file, report.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", report.Detail, StringComparison.Ordinal);
        _fixture.AssertNothingLeft(spec, report.Pid);
        Assert.StartsWith(report.Detail!, (await _fixture.Engine.CheckStartAsync(spec, ImmutableHashSet<int>.Empty, CancellationToken.None))?.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_EnvironmentFileBelongsToAnotherUser_SaysWhoMustOwnIt()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root may give a file away.");
        var file = Write("app.env", "A=1");
        using (var chown = Process.Start("chown", ["12345", file]))
        {
            await chown.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var report = await _fixture.StartAsync(_fixture.Faulty() with { EnvironmentFiles = [file] });

        Assert.Equal((StartupVerdict.Failed, StartupReason.PermissionDenied), (report.Verdict, report.Reason));
        Assert.EndsWith($"{file} belongs to another user (uid 12345), so nothing in it is believed; 'chown 0 {file}' if you trust what is there", report.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_EnvironmentFileIsAPipe_DoesNotWaitForItsWriter()
    {
        using (var mkfifo = Process.Start("mkfifo", [_fixture["pipe"]]))
        {
            await mkfifo.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var report = await _fixture.StartAsync(_fixture.Faulty() with { EnvironmentFiles = [_fixture["pipe"]] });

        Assert.Equal(StartupReason.InvalidConfiguration, report.Reason);
        Assert.Contains("no regular file", report.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_DaemonPrintsValuesOfItsFile_OnlySecretsAreHidden()
    {
        var file = Write("app.env", "API_KEY=topsecretvalue\nMARKED=k7\nLEVEL=information");
        var report = await _fixture.StartAsync(_fixture.Spec("sh", "-c", "echo key=$API_KEY marked=$MARKED level=$LEVEL; exit 3") with
        {
            EnvironmentFiles = [file],
            SecretEnvironment = ["MARKED"],
        });

        Assert.Equal("key=*** marked=*** level=information", Assert.Single(report.LogTail));
        Assert.DoesNotContain("topsecretvalue", string.Concat(Directory.GetFiles(_fixture.StateDirectory, "*.json").Select(File.ReadAllText)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("echo API_KEY=secondvalue > \"$0\"")]
    [InlineData("rm \"$0\"")]
    public async Task Start_FileChangesAfterTheDaemonHasQuotedItsSecret_TheOldValueStaysHidden(string change)
    {
        var file = Write("app.env", "API_KEY=firstvalue");
        var spec = _fixture.Spec("sh", "-c", $"echo key=$API_KEY; {change}; echo again=$API_KEY; exit 3", file) with { EnvironmentFiles = [file] };

        Assert.Equal(["key=***", "again=***"], (await _fixture.StartAsync(spec)).LogTail);
        Assert.Equal("***", Secrets.Of(spec with { Name = "renamed" }).HideIn("firstvalue"));
    }

    [Fact]
    public async Task CommandCheck_EnvironmentFileRemovedAfterTheStart_StillPasses()
    {
        var file = Write("app.env", "WORD=right");
        var spec = _fixture.Faulty() with { EnvironmentFiles = [file], Health = new HealthCheck { Kind = HealthCheckKind.Command, Command = "sh", Arguments = ["-c", "test \"${WORD-right}\" = right"] } };
        await StartAsync(spec);
        File.Delete(file);

        Assert.Equal(InspectionVerdict.Running, (await _fixture.InspectAsync(spec)).Verdict);
    }

    [Fact]
    public async Task Start_UserUmaskAndLimits_AreThoseOfTheProcessThatWasSpawned()
    {
        RequireRoot();
        var spec = Python() with
        {
            // The first python3 of the PATH may be in the home of root.
            Command = "/usr/bin/python3",
            User = Nobody,
            Umask = "027",
            Limits = new ResourceLimits { NoFile = "123:456", Core = "0", AddressSpace = "4294967296:infinity" },
            WorkingDirectory = "/",
            Health = new HealthCheck { Kind = HealthCheckKind.Command, Command = "sh", Arguments = ["-c", "test \"$(id -un)\" = nobody"] },
        };

        var report = await StartAsync(spec);

        var status = StatusOf(report.Pid);
        Assert.Equal(("65534", "65534", "0027"), (status("Uid"), status("Gid"), status("Umask")));
        Assert.DoesNotContain("0", status("Groups").Split(' '));
        Assert.Equal(("123 456", "0 0", "4294967296 unlimited"), (LimitOf(report.Pid, "Max open files"), LimitOf(report.Pid, "Max core file size"), LimitOf(report.Pid, "Max address space")));
        var environment = File.ReadAllText($"/proc/{report.Pid}/environ").Split('\0');
        Assert.Contains("USER=nobody", environment);
        Assert.Contains(File.ReadAllLines(_fixture.Files(spec.Port).LogFile), line => line == "ready");
        var seen = await _fixture.InspectAsync(spec);
        Assert.Equal((InspectionVerdict.Running, "lock"), (seen.Verdict, seen.IdentityProof));

        Assert.Equal(StopVerdict.Stopped, (await _fixture.StopAsync(spec)).Verdict);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Fact]
    public async Task Start_GroupOnly_KeepsTheUser()
    {
        RequireRoot();
        var report = await StartAsync(Python() with { Group = "65533" });

        var status = StatusOf(report.Pid);
        Assert.Equal(("0", "65533"), (status("Uid"), status("Gid")));
    }

    [Theory]
    [InlineData("no-such-user-here", null, StartupReason.InvalidConfiguration, "there is no user 'no-such-user-here' on this machine")]
    [InlineData(Nobody, "no-such-group-here", StartupReason.InvalidConfiguration, "there is no group 'no-such-group-here' on this machine")]
    [InlineData("a b", null, StartupReason.InvalidConfiguration, "'a b' is not a name or a number of a user")]
    public async Task Start_NoSuchAccount_SaysSo(string user, string? group, StartupReason reason, string expected)
    {
        var report = await _fixture.StartAsync(Python() with { User = user, Group = group });

        Assert.Equal(reason, report.Reason);
        Assert.Contains(expected, report.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_UserMayNotExecuteTheCommandOrEnterTheDirectory_SaysWhichAndStopsNothing()
    {
        RequireRoot();
        var script = Write("server.py", $"#!/usr/bin/env python3\n{Serve}");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var spec = _fixture.Spec(script, "{port}") with { WorkingDirectory = "/" };
        var serving = await StartAsync(spec);

        var command = await _fixture.StartAsync(spec with { User = Nobody }, force: true);
        var directory = await _fixture.StartAsync(Python() with { Port = spec.Port, User = Nobody, WorkingDirectory = _fixture.StateDirectory }, force: true);

        Assert.Equal((StartupReason.PermissionDenied, StartupReason.PermissionDenied), (command.Reason, directory.Reason));
        Assert.Contains($"the daemon's user 'nobody' may not execute {script}", command.Detail, StringComparison.Ordinal);
        Assert.Contains($"the daemon's user 'nobody' may not enter its working directory {_fixture.StateDirectory}", directory.Detail, StringComparison.Ordinal);
        Assert.Equal(serving.Pid, (await _fixture.InspectAsync(spec)).Pid);
    }

    [Fact]
    public async Task Start_LimitOfProcessorTime_EndsADaemonThatNeedsMore()
    {
        var report = await _fixture.StartAsync(_fixture.Spec("python3", "-c", "while True: pass") with { Limits = new ResourceLimits { Cpu = "1" } });

        Assert.Equal(StartupReason.ExitedPrematurely, report.Reason);
        Assert.True(report.Signal is 24 or 9, $"signal {report.Signal}, {report.Detail}");
    }

    [Fact]
    public async Task Start_HardLimitThatTheKernelRefuses_SaysSo()
    {
        // Above fs.nr_open, which holds for root too.
        var report = await _fixture.StartAsync(Python() with { Limits = new ResourceLimits { NoFile = "99999999999" } });

        Assert.Equal(StartupVerdict.Failed, report.Verdict);
        Assert.Contains("limit", report.Reason == StartupReason.PermissionDenied ? report.Detail : Assert.Single(report.LogTail), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Umask", "9")]
    [InlineData("Umask", "01777")]
    [InlineData("NoFile", "many")]
    [InlineData("NoFile", "10:5")]
    [InlineData("NoFile", "-1")]
    [InlineData("NoFile", "1:2:3")]
    public void Validate_Nonsense_IsOneError(string key, string value)
    {
        var spec = key == "Umask" ? Python() with { Umask = value } : Python() with { Limits = new ResourceLimits { NoFile = value } };

        Assert.Contains($"'{value}'", FleetTopology.Validate(spec), StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_WhatCannotGoTogether_IsAnError()
    {
        Assert.Contains("write its own PID file", FleetTopology.Validate(_fixture.Spec(null) with { User = Nobody }), StringComparison.Ordinal);
        Assert.Contains("write its own PID file", FleetTopology.Validate(_fixture.FaultyWithPidFile() with { User = Nobody }), StringComparison.Ordinal);
        Assert.Contains("Notify", FleetTopology.Validate(Python() with { User = Nobody, Health = new HealthCheck { Kind = HealthCheckKind.Notify } }), StringComparison.Ordinal);
        Assert.Contains("an AppHost sets it", FleetTopology.Validate(Python() with { Umask = "027", Launch = LaunchMode.Attached }), StringComparison.Ordinal);
        Assert.Contains("is for a daemon that the supervisor launches", FleetTopology.Validate(Python() with { User = Nobody, Launch = LaunchMode.Attached }), StringComparison.Ordinal);
    }

    private DaemonSpec Python() => _fixture.Spec("python3", "-c", Serve, "{port}");

    private async Task<StartupReport> StartAsync(DaemonSpec spec)
    {
        var report = await _fixture.StartAsync(spec);
        Assert.True(report.Serves, report.Detail + string.Join('\n', report.LogTail));
        return report;
    }

    private string Write(string name, string content)
    {
        File.WriteAllText(_fixture[name], content);
        File.SetUnixFileMode(_fixture[name], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return _fixture[name];
    }

    private static Func<string, string> StatusOf(int? pid)
    {
        var lines = File.ReadAllLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/status"));
        return name => lines.First(l => l.StartsWith(name + ':', StringComparison.Ordinal)).Split('\t')[1].Trim();
    }

    private static string LimitOf(int? pid, string name) =>
        string.Join(' ', File.ReadAllLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/limits")).First(l => l.StartsWith(name, StringComparison.Ordinal))[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[..2]);

    private static void RequireRoot() => Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can run a daemon as another user");
}
