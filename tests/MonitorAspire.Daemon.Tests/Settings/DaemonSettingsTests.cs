using MonitorAspire.Daemon.Settings;

namespace MonitorAspire.Daemon.Tests.Settings;

public class DaemonSettingsTests
{
    [Fact]
    public void Read_Nothing_HasTheDefaults()
    {
        var settings = Read([], ("MONITOR_STATE_DIR", "/state"));

        Assert.Equal(("monitor-8768", "127.0.0.1", 8768, Path.GetFullPath("/state")), (settings.Name, settings.Host, settings.Port, settings.StateDirectory));
    }

    [Fact]
    public void Read_OptionAndVariable_OptionWins() => Assert.Equal(9000, Read([("--port", "9000")], ("MONITOR_PORT", "9001")).Port);

    [Fact]
    public void Read_VariablesOnly_AreTaken()
    {
        var settings = Read([], ("MONITOR_PORT", "9001"), ("MONITOR_HOST", "::1"), ("MONITOR_DAEMON_NAME", "alpha"));

        Assert.Equal(("alpha", "::1", 9001), (settings.Name, settings.Host, settings.Port));
    }

    [Fact]
    public void Read_EmptyVariable_IsNotSet() => Assert.Equal(8768, Read([], ("MONITOR_PORT", "")).Port);

    [Theory]
    [InlineData("--port", "0")]
    [InlineData("--port", "65536")]
    [InlineData("--port", "-1")]
    [InlineData("--port", "+80")]
    [InlineData("--port", "8768 ")]
    [InlineData("--port", "")]
    [InlineData("--host", "")]
    [InlineData("--host", "a b")]
    [InlineData("--host", "http://127.0.0.1")]
    public void Read_WrongOption_NamesTheOption(string option, string value)
        => Assert.StartsWith($"{option} '{value}' is not a", Assert.Throws<FormatException>(() => Read([(option, value)])).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_WrongVariable_NamesTheVariable()
        => Assert.Equal("MONITOR_PORT 'x' is not a port (1-65535)", Assert.Throws<FormatException>(() => Read([], ("MONITOR_PORT", "x"))).Message);

    private static DaemonSettings Read((string Option, string Value)[] options, params (string Name, string Value)[] environment)
        => DaemonSettings.Read(
            options.ToDictionary(o => o.Option, o => o.Value), environment.ToDictionary(e => e.Name, e => (string?)e.Value).GetValueOrDefault);
}
