using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Identity;

public sealed class InstanceRecordTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Path => new DaemonFiles(_directory.Path, 8768).InstanceFile;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Read_PropertiesThatAreMissing_HaveTheirDefaults()
    {
        var record = Read("""{"pid": 4711, "port": 8768}""");

        Assert.NotNull(record);
        Assert.Empty(record.Command);
        Assert.Equal(("", "", "", "/health"), (record.Name, record.InstanceId, record.BootId, record.HealthPath));
    }

    [Theory]
    [InlineData("""{"command": null}""")]
    [InlineData("""{"command": ["a", null]}""")]
    [InlineData("""{"instanceId": null}""")]
    [InlineData("""{"pid": -1}""")]
    [InlineData("""{"startTicks": -1}""")]
    [InlineData("""{"launcherPid": -1}""")]
    [InlineData("""{"launcherStartTicks": -1}""")]
    [InlineData("""{"port": -1}""")]
    [InlineData("""{"port": 65536}""")]
    [InlineData("""{"logOffset": -1}""")]
    [InlineData("""{"restartCount": -1}""")]
    [InlineData("""{"restartCount": 2147483647}""")]
    [InlineData("""{"stopSignal": 99}""")]
    [InlineData("""{"stopMode": 99}""")]
    [InlineData("""{"health": {"statuses": null}}""")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("")]
    public void Read_ImpossibleValue_IsNoRecord(string content) => Assert.Null(Read(content));

    [Theory]
    [InlineData("""{"port": 65535, "restartCount": 10000000}""")]
    [InlineData("""{"port": 0}""")]
    public void Read_ExtremeValue_IsARecord(string content) => Assert.NotNull(Read(content));

    [Fact]
    public void Read_CheckThatIsInvalid_IsNotUsed()
    {
        var record = Read("""{"pid": 4711, "port": 8768, "health": {"kind": "Log", "pattern": "("}}""");

        Assert.Equal(HealthCheckKind.Http, KnownDaemons.Spec(8768, record).Health.Kind);
        Assert.Equal(HealthCheckKind.Http, KnownDaemons.Find(_directory.Path, 8768).ToSpec().Health.Kind);
    }

    [Fact]
    public void Read_WhatWasWritten_IsTheSameAndForThisUserOnly()
    {
        var written = new InstanceRecord { Port = 8768, Pid = 4711, Command = ["server", "--port"], Health = new HealthCheck { Text = "up" }, VerifiedAt = DateTimeOffset.UnixEpoch };

        written.Write(Path);

        var read = InstanceRecord.Read(Path)!;
        Assert.Equal((8768, 4711, "up", DateTimeOffset.UnixEpoch), (read.Port, read.Pid, read.Health!.Text, read.VerifiedAt));
        Assert.Equal(written.Command, read.Command);
        Assert.SkipWhen(OperatingSystem.IsWindows(), "no modes");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
    }

    [Fact]
    public void Read_NoRegularFileOfThisUser_IsNoRecord()
    {
        const string Content = """{"pid": 4711, "port": 8768}""";
        Assert.Null(InstanceRecord.Read(Path));

        File.WriteAllText(_directory["elsewhere"], Content);
        File.CreateSymbolicLink(Path, _directory["elsewhere"]);
        Assert.Null(InstanceRecord.Read(Path));

        File.Delete(Path);
        Assert.Null(Read(new string(' ', 4 * 1024 * 1024) + Content));
        Assert.NotNull(Read(new string(' ', (4 * 1024 * 1024) - Content.Length) + Content));
    }

    [Fact]
    public void TryRemove_Record_IsGone()
    {
        File.WriteAllText(Path, "");

        InstanceRecord.TryRemove(Path);
        InstanceRecord.TryRemove(Path);

        Assert.False(File.Exists(Path));
    }

    [Fact]
    public void InstanceId_OfAPort_BelongsToThatPortOnly()
    {
        var id = InstanceRecord.NewInstanceId(8768);

        Assert.Matches("^8768-[0-9a-f]{32}$", id);
        Assert.NotEqual(id, InstanceRecord.NewInstanceId(8768));
        Assert.Equal(id, InstanceRecord.InstanceIdFor(8768, id));
        Assert.Null(InstanceRecord.InstanceIdFor(876, id));
        Assert.Null(InstanceRecord.InstanceIdFor(8768, null));
        Assert.False(InstanceRecord.HasLauncher(id));
    }

    [Fact]
    public void InstanceId_OfALauncher_BelongsToThatRunAndThePersistentOneToAllRuns()
    {
        var (run, nextRun, other) = (InstanceRecord.NewLaunchId("/apps/one"), InstanceRecord.NewLaunchId("/apps/one"), InstanceRecord.NewLaunchId("/apps/two"));
        Assert.Matches("^[0-9a-f]{32}$", run);
        Assert.Equal((run[..16], false), (nextRun[..16], run == nextRun));
        Assert.NotEqual(run[..16], other[..16]);
        var (own, persistent) = (InstanceRecord.NewInstanceId(8768, run), InstanceRecord.PersistentInstanceId(8768, run));

        Assert.Equal([true, false, false], ((string[])[run, nextRun, other]).Select(launch => InstanceRecord.IsLaunchedBy(own, 8768, launch)));
        Assert.Equal([true, true, false], ((string[])[run, nextRun, other]).Select(launch => InstanceRecord.IsLaunchedBy(persistent, 8768, launch)));
        Assert.False(InstanceRecord.IsLaunchedBy(persistent, 8769, run));
        Assert.False(InstanceRecord.IsLaunchedBy(null, 8768, run));
        Assert.True(InstanceRecord.HasLauncher(own) && InstanceRecord.HasLauncher(persistent));
        Assert.Equal((false, true), (new InstanceRecord { InstanceId = own }.IsPersistent, new InstanceRecord { InstanceId = persistent }.IsPersistent));
        Assert.Equal("8768-short-persistent", InstanceRecord.PersistentInstanceId(8768, "short"));
    }

    [Fact]
    public void Identity_BeforeTheSpawn_IsNone()
    {
        var record = new InstanceRecord { LauncherStartTicks = 5, BootId = "boot" };
        Assert.Null(record.Identity);
        Assert.Null(record.Launcher);

        Assert.Equal(new ProcessIdentity(4711, 7, "other boot"), record.With(new ProcessIdentity(4711, 7, "other boot")).Identity);
        Assert.Equal(new ProcessIdentity(12, 5, "boot"), (record with { LauncherPid = 12 }).Launcher);
    }

    [Fact]
    public void IsSameInstance_OtherProcessOrPhase_IsFalse()
    {
        var record = new InstanceRecord { Pid = 1, StartTicks = 2, BootId = "boot", InstanceId = "id", VerifiedAt = DateTimeOffset.UnixEpoch };

        Assert.True(record.IsSameInstance(record with { Name = "another name" }));
        Assert.False(record.IsSameInstance(null));
        Assert.All(
            (InstanceRecord[])[record with { Pid = 2 }, record with { StartTicks = 3 }, record with { BootId = "" }, record with { InstanceId = "" }, record with { VerifiedAt = null }],
            other => Assert.False(record.IsSameInstance(other)));
    }

    [Fact]
    public void Of_Specification_IsWhatTheNextSupervisorNeeds()
    {
        var spec = new DaemonSpec
        {
            Name = "server", Host = "::1", Port = 8768, HealthPath = "/up", StopSignal = TerminationSignal.SIGINT, StopMode = StopMode.Main, Log = new LogPolicy { Parts = 7 },
            Environment = new Dictionary<string, string?> { ["API_TOKEN"] = "correct-horse" },
        };

        var record = InstanceRecord.Of(spec, ["server", "--password", "hidden", "correct-horse", "visible"], "8768-id", DateTimeOffset.UnixEpoch, 3);

        Assert.Equal(("server", "::1", 8768, "/up", "8768-id"), (record.Name, record.Host, record.Port, record.HealthPath, record.InstanceId));
        Assert.Equal((TerminationSignal.SIGINT, StopMode.Main, 7, 3, DateTimeOffset.UnixEpoch), (record.StopSignal, record.StopMode, record.Log!.Parts, record.RestartCount, record.StartedAt));
        Assert.Equal(["server", "--password", "hidden", "correct-horse", "visible"], record.Command);
        Assert.Equal(["server", "--password", "***", "***", "visible"], record.ShownCommand);
        Assert.Equal("", InstanceRecord.Of(spec, [], null, default, 0).InstanceId);
    }

    [Fact]
    public void ShownCommand_NoSecretNoted_HidesWhatLooksLikeOne() =>
        Assert.Equal(["server", "--token=***", "a"], new InstanceRecord { Command = ["server", "--token=abc", "a"] }.ShownCommand);

    private InstanceRecord? Read(string content)
    {
        File.WriteAllText(Path, content);
        return InstanceRecord.Read(Path);
    }
}
