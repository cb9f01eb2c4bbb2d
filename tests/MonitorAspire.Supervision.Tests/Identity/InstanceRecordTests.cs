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

    [Fact]
    public void Read_CheckThatIsInvalid_IsNotUsed()
    {
        var record = Read("""{"pid": 4711, "port": 8768, "health": {"kind": "Log", "pattern": "("}}""");

        Assert.Equal(HealthCheckKind.Http, KnownDaemons.Spec(8768, record).Health.Kind);
        Assert.Equal(HealthCheckKind.Http, KnownDaemons.Find(_directory.Path, 8768).ToSpec().Health.Kind);
    }

    private InstanceRecord? Read(string content)
    {
        File.WriteAllText(Path, content);
        return InstanceRecord.Read(Path);
    }
}
