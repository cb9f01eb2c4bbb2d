using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Identity;

public sealed class KnownDaemonsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Ports_FilesOfDaemonsAndOthers_AreThePortsInTheirNamesSorted()
    {
        foreach (var name in (string[])[
            "monitor-daemon-8769.pid", "monitor-daemon-8768.lock", "monitor-daemon-8768.log", "monitor-daemon-1.notify", "monitor-daemon-65535.log.1",
            "monitor-daemon.pid", "monitor-daemon-.pid", "monitor-daemon-x.pid", "monitor-daemon-0.pid", "monitor-daemon-65536.pid", "monitor-daemon-+5.pid",
            "monitor-daemon-8770", "supervisor-8760.lock", "notes-8771.txt"])
        {
            File.WriteAllText(_directory[name], "");
        }

        Assert.Equal([1, 8768, 8769, 65535], KnownDaemons.Ports(_directory.Path));
    }

    [Fact]
    public void Ports_NoSuchDirectory_AreNone() => Assert.Empty(KnownDaemons.Ports(_directory["none"]));

    [Fact]
    public void All_DefinitionRecordOrPidFile_IsADaemonAndALockAloneIsNot()
    {
        DefinitionFile.Write(Files(1), new DaemonDefinition { Port = 1, Name = "defined" });
        new InstanceRecord { Port = 2, Name = "recorded" }.Write(Files(2).InstanceFile);
        PidFile.Write(Files(3).PidFile, 4711);
        File.WriteAllText(Files(4).LockFile, "");

        Assert.Equal([(1, "defined"), (2, "recorded"), (3, "monitor-3")], KnownDaemons.All(_directory.Path).Select(d => (d.Port, d.Name)));
    }

    [Fact]
    public void Spec_Record_HasItsSettings()
    {
        var spec = KnownDaemons.Spec(8768, Record());

        Assert.Equal(("recorded", "127.0.0.2", 8768, "/recorded"), (spec.Name, spec.Host, spec.Port, spec.HealthPath));
        Assert.Equal((TerminationSignal.SIGQUIT, StopMode.Main), (spec.StopSignal, spec.StopMode));
        Assert.Equal((7, "up"), (spec.Log.Parts, spec.Health.Text));
    }

    [Fact]
    public void Spec_NoRecordOrEmptyTexts_HasDefaults()
    {
        foreach (var record in (InstanceRecord?[])[null, new InstanceRecord { HealthPath = "" }])
        {
            var spec = KnownDaemons.Spec(8768, record);
            Assert.Equal(("monitor-8768", "127.0.0.1", "/health"), (spec.Name, spec.Host, spec.HealthPath));
            Assert.Equal((TerminationSignal.SIGTERM, StopMode.Tree, 3), (spec.StopSignal, spec.StopMode, spec.Log.Parts));
        }
    }

    [Fact]
    public void Spec_LogLimitsThatAreInvalid_AreNotUsed() =>
        Assert.Equal(3, KnownDaemons.Spec(8768, new InstanceRecord { Log = new LogPolicy { Parts = -1 } }).Log.Parts);

    [Fact]
    public void ToSpec_DefinitionAndRecord_DescribesTheInstanceThatRuns()
    {
        var spec = new KnownDaemon(8768, Definition(), Record()).ToSpec();

        Assert.Equal(("recorded", "127.0.0.2", "/recorded", "up"), (spec.Name, spec.Host, spec.HealthPath, spec.Health.Text));
        Assert.Equal("server", spec.Command);
    }

    [Fact]
    public void ToSpec_DefinitionAlone_IsTheDefinition()
    {
        var spec = new KnownDaemon(8768, Definition(), null).ToSpec();

        Assert.Equal(("defined", "127.0.0.3", "/defined", "fine"), (spec.Name, spec.Host, spec.HealthPath, spec.Health.Text));
    }

    [Fact]
    public void ToSpec_DefinitionOfAPortOnly_HasDefaults()
    {
        var spec = new KnownDaemon(8768, new DaemonDefinition { Port = 8768 }, null).ToSpec();

        Assert.Equal(("monitor-8768", "127.0.0.1", "/health", HealthCheckKind.Http), (spec.Name, spec.Host, spec.HealthPath, spec.Health.Kind));
    }

    [Fact]
    public void ToSpec_RecordAlone_IsTheRecord() => Assert.Equal("recorded", new KnownDaemon(8768, null, Record()).ToSpec().Name);

    private static DaemonDefinition Definition() =>
        new() { Port = 8768, Name = "defined", Host = "127.0.0.3", HealthPath = "/defined", Health = new HealthCheck { Text = "fine" }, Command = "server" };

    private static InstanceRecord Record() => new()
    {
        Port = 8768,
        Name = "recorded",
        Host = "127.0.0.2",
        HealthPath = "/recorded",
        Health = new HealthCheck { Text = "up" },
        StopSignal = TerminationSignal.SIGQUIT,
        StopMode = StopMode.Main,
        Log = new LogPolicy { Parts = 7 },
    };

    private DaemonFiles Files(int port) => new(_directory.Path, port);
}
