using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Tests.Settings;

public class CommandLineTests
{
    [Theory]
    [InlineData("--port", "9000")]
    [InlineData("--port=9000")]
    [InlineData("--Supervisor:Port", "9000")]
    [InlineData("--supervisor:port=9000")]
    public void Read_Port_IsThePortOfTheRestApi(params string[] arguments)
        => Assert.Equal("9000", CommandLine.Read(arguments).Values[SupervisorSettings.PortKey]);

    [Fact]
    public void Read_AnyKeyOfASection_IsTaken()
        => Assert.Equal("x", CommandLine.Read(["--Monitors:Daemons:0:Name", "x"]).Values["Monitors:Daemons:0:Name"]);

    [Theory]
    [InlineData("--prot", "1")]
    [InlineData("8760")]
    [InlineData("--Kestrel:Endpoints:Http:Url=http://*:80")]
    [InlineData("--port")]
    [InlineData("--port=1", "--port=2")]
    [InlineData("-p", "1")]
    public void Read_InvalidArgument_IsRefused(params string[] arguments)
        => Assert.Contains(arguments[0].Split("=1")[0], Assert.Throws<ConfigurationException>(() => CommandLine.Read(arguments)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("--version")]
    public void Read_HelpOrVersion_IsPrinted(string option) => Assert.NotEmpty(CommandLine.Read([option]).Print!);
}
