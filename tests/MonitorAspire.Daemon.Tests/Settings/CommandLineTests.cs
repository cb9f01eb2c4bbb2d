using MonitorAspire.Daemon.Settings;

namespace MonitorAspire.Daemon.Tests.Settings;

public class CommandLineTests
{
    private static readonly Dictionary<string, string?> None = new() { ["MONITOR_STATE_DIR"] = "/state" };

    [Fact]
    public void Read_Nothing_HasTheDefaults()
    {
        var settings = Assert.IsType<CommandLineResult.Run>(Read([])).Settings;

        Assert.Equal(("monitor-8768", "127.0.0.1", 8768, Path.GetFullPath("/state")), (settings.Name, settings.Host, settings.Port, settings.StateDirectory));
    }

    [Theory]
    [InlineData("--port", "9000")]
    [InlineData("--port=9000")]
    public void Read_Option_WinsOverTheEnvironment(params string[] arguments)
        => Assert.Equal(9000, Assert.IsType<CommandLineResult.Run>(Read(arguments, ("MONITOR_PORT", "9001"))).Settings.Port);

    [Fact]
    public void Read_Environment_StandsInForOptions()
    {
        var settings = Assert.IsType<CommandLineResult.Run>(
            Read([], ("MONITOR_PORT", "9001"), ("MONITOR_HOST", "::1"), ("MONITOR_DAEMON_NAME", "alpha"))).Settings;

        Assert.Equal(("alpha", "::1", 9001), (settings.Name, settings.Host, settings.Port));
    }

    [Fact]
    public void Read_EmptyVariable_IsNone()
        => Assert.Equal(8768, Assert.IsType<CommandLineResult.Run>(Read([], ("MONITOR_PORT", ""))).Settings.Port);

    [Theory]
    [InlineData("--port", "--port", "0")]
    [InlineData("--port", "--port", "65536")]
    [InlineData("--port", "--port", "-1")]
    [InlineData("--port", "--port", "+80")]
    [InlineData("--port", "--port", "8768 ")]
    [InlineData("--port", "--port=")]
    [InlineData("--port", "--port")]
    [InlineData("--port", "--port", "1", "--port", "2")]
    [InlineData("--host", "--host", "")]
    [InlineData("--host", "--host", "a b")]
    [InlineData("--host", "--host", "http://127.0.0.1")]
    [InlineData("--prot", "--prot", "1")]
    [InlineData("8768", "8768")]
    public void Read_Wrong_NamesTheOption(string named, params string[] arguments)
        => Assert.Contains(named, Assert.IsType<CommandLineResult.Invalid>(Read(arguments)).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_WrongVariable_NamesTheVariable()
        => Assert.Equal("MONITOR_PORT 'x' is not a port (1-65535)", Assert.IsType<CommandLineResult.Invalid>(Read([], ("MONITOR_PORT", "x"))).Message);

    [Theory]
    [InlineData("--help", "--state-dir")]
    [InlineData("-h", "--state-dir")]
    [InlineData("--version", ".")]
    public void Read_HelpOrVersion_IsPrinted(string option, string part)
        => Assert.Contains(part, Assert.IsType<CommandLineResult.Print>(Read([option])).Text, StringComparison.Ordinal);

    private static CommandLineResult Read(string[] arguments, params (string Name, string Value)[] environment)
    {
        var all = new Dictionary<string, string?>(None);
        foreach (var (name, value) in environment)
        {
            all[name] = value;
        }

        return CommandLine.Read(arguments, all.GetValueOrDefault);
    }
}
