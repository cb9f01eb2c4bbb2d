using Microsoft.Extensions.Configuration;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Fleet;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Tests.Settings;

public class SupervisorSettingsTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8760")]
    [InlineData("http://127.0.0.1:9000", "Supervisor:Port", "9000")]
    [InlineData("http://127.0.0.1:9000", "MONITOR_SUPERVISOR_PORT", "9000")]
    [InlineData("http://[::1]:8760", "MONITOR_SUPERVISOR_HOST", "::1")]
    [InlineData("http://localhost:9000", "urls", "http://localhost:9000")]
    [InlineData("http://[::1]:9000", "urls", "http://[::1]:9000/")]
    [InlineData("http://*:9000", "urls", "http://*:9000")]
    [InlineData("http://localhost:9001", "urls", "http://localhost:9000", "Supervisor:Port", "9001")]
    public void Read_Address_IsTheMostSpecificOne(string expected, params string[] pairs)
        => Assert.Equal(expected, Assert.Single(Read(pairs).Addresses).ToString());

    [Theory]
    [InlineData("Supervisor:Port", "0")]
    [InlineData("Supervisor:Port", "65536")]
    [InlineData("MONITOR_SUPERVISOR_PORT", "abc")]
    [InlineData("Supervisor:Host", "a b")]
    [InlineData("urls", "https://localhost:9000")]
    [InlineData("urls", "http://localhost:9000/path")]
    [InlineData("urls", "nonsense")]
    [InlineData("urls", "http://unix:/tmp/socket")]
    [InlineData("MONITOR_PARENT_PID", "-5")]
    public void Read_BadValue_NamesKeyAndValue(string key, string value)
    {
        var message = Assert.Throws<ConfigurationException>(() => Read(key, value)).Message;

        Assert.Contains(key, message, StringComparison.Ordinal);
        Assert.Contains(value, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData("Monitors:Count", "abc")]
    [InlineData("Monitors:StartTimeout", "soon")]
    [InlineData("Monitors:StopDaemonsOnShutdown", "perhaps")]
    [InlineData("Monitors:Daemons:0:Launch", "Nobody")]
    public void ReadMonitors_ValueOfOtherType_NamesKeyAndValue(string key, string value)
    {
        var message = Assert.Throws<ConfigurationException>(() => MonitorsReader.Read(Configuration(key, value))).Message;

        Assert.StartsWith($"{key}: '{value}' is not ", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void ResolveMonitors_SamePortTwice_NamesBoth()
    {
        var options = MonitorsReader.Read(Configuration("Monitors:Daemons:0:Port", "9001", "Monitors:Daemons:0:Name", "a", "Monitors:Daemons:1:Port", "9001", "Monitors:Daemons:1:Name", "b"));

        var message = Assert.Throws<ConfigurationException>(() => MonitorsReader.Resolve(options, Configuration())).Message;

        Assert.Contains("9001", message, StringComparison.Ordinal);
        Assert.Contains("'a' and 'b'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadMonitors_Environment_IsBoundByName()
    {
        var options = MonitorsReader.Read(Configuration("Monitors:Daemons:0:Port", "9001", "Monitors:Daemons:0:Environment:Some_Name", "value"));

        Assert.Equal("value", Assert.Single(MonitorsReader.Resolve(options, Configuration())).Environment["Some_Name"]);
    }

    private static SupervisorSettings Read(params string[] pairs) => SupervisorSettings.Read(Configuration(pairs), new MonitorsOptions());

    private static IConfigurationRoot Configuration(params string[] pairs) => new ConfigurationBuilder()
        .AddInMemoryCollection(pairs.Chunk(2).Select(p => KeyValuePair.Create(p[0], (string?)p[1])))
        .Build();
}
