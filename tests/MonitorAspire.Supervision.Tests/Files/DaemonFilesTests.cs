using System.Text;
using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Supervision.Tests.Files;

public sealed class DaemonFilesTests
{
    [Fact]
    public void Paths_OfADaemon_HaveThePortInTheirNames()
    {
        var files = new DaemonFiles("/state", 8768);

        Assert.Equal(
            ["/state/monitor-daemon-8768.pid", "/state/monitor-daemon-8768.lock", "/state/monitor-daemon-8768.instance.json", "/state/monitor-daemon-8768.definition.json", "/state/monitor-daemon-8768.log", "/state/monitor-daemon-8768.notify"],
            [files.PidFile, files.LockFile, files.InstanceFile, files.DefinitionFile, files.LogFile, files.NotifySocket]);
        Assert.Equal(("/state/monitor-daemon.pid", "/state/monitor-daemon.log"), (DaemonFiles.LegacyPidFile("/state"), DaemonFiles.LegacyLogFile("/state")));
    }

    [Fact]
    public void Paths_OfASupervisor_HaveThePortOfItsApi()
    {
        var files = new SupervisorFiles("/state", 8760);

        Assert.Equal(
            ["/state/supervisor-8760.lock", "/state/supervisor-8760.token", "/state/supervisor-8760.history.jsonl", "/state/supervisor-8760.daemons.json", "/state/supervisor-8760.stopped.json", "/state/apphost"],
            [files.Lock, files.Token, files.History, files.Daemons, files.Stopped, SupervisorFiles.TemporaryDirectory("/state")]);
    }

    [Fact]
    public void FillIn_Placeholders_BecomeTheValuesOfTheDaemon() =>
        Assert.Equal("8768 ::1 /state/monitor-daemon-8768.pid /state {other}", new DaemonFiles("/state", 8768).FillIn("{port} {host} {pidfile} {statedir} {other}", "::1"));

    [Theory]
    [InlineData("/state/monitor-daemon-8768.pid", true)]
    [InlineData("/state/monitor-daemon-8768.log.1", true)]
    [InlineData("monitor-daemon-8768.pid.4711-0123abcd.tmp", true)]
    [InlineData("/state/monitor-daemon-87680.pid", false)]
    [InlineData("/monitor-daemon-8768.x/notes", false)]
    [InlineData(null, false)]
    public void IsOf_Path_TellsWhetherItIsThePorts(string? path, bool isOf) => Assert.Equal(isOf, DaemonFiles.IsOf(8768, path));

    [Theory]
    [InlineData("/state/monitor-daemon-8768.lock", true)]
    [InlineData("monitor-daemon-8768.lock", true)]
    [InlineData("/state/monitor-daemon-8768.pid", false)]
    [InlineData("/monitor-daemon-8768/other.lock", false)]
    [InlineData("/state/my-monitor-daemon-8768.lock", false)]
    public void IsLockFile_Path_TellsTheLockOfADaemon(string path, bool isLock) => Assert.Equal(isLock, DaemonFiles.IsLockFile(Encoding.UTF8.GetBytes(path)));

    [Theory]
    [InlineData("supervisor-8760.token", true)]
    [InlineData("supervisor-8760.token.12-00000000.tmp", true)]
    [InlineData("supervisor-8760.lock", false)]
    [InlineData("other.token", false)]
    public void IsToken_Name_TellsTheSecretOfASupervisor(string name, bool isToken) => Assert.Equal(isToken, SupervisorFiles.IsToken(name));
}
