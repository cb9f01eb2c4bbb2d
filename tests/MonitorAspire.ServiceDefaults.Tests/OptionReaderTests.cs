namespace MonitorAspire.ServiceDefaults.Tests;

public class OptionReaderTests
{
    [Theory]
    [InlineData("--port", "9000")]
    [InlineData("--port=9000")]
    public void Read_Option_ReturnsItsValue(params string[] arguments) => Assert.Equal("9000", Read(arguments)["--port"]);

    [Fact]
    public void Read_EmptyValue_ReturnsIt() => Assert.Equal("", Read("--port=")["--port"]);

    [Fact]
    public void Read_ValueWithEqualsSign_IsNotCut() => Assert.Equal("a=b", Read("--host=a=b")["--host"]);

    [Theory]
    [InlineData("'--prot' is not an option (see --help)", "--prot", "1")]
    [InlineData("'--prot=1' is not an option (see --help)", "--prot=1")]
    [InlineData("'8768' is not an option (see --help)", "8768")]
    [InlineData("--port needs a value", "--port")]
    [InlineData("--port is given twice", "--port", "1", "--port=2")]
    public void Read_WrongArguments_ThrowsWithTheReason(string message, params string[] arguments)
        => Assert.Equal(message, Assert.Throws<FormatException>(() => Read(arguments)).Message);

    [Theory]
    [InlineData("--help", "--help")]
    [InlineData("-h", "--help")]
    [InlineData("-?", "--help")]
    [InlineData("--version", "--version")]
    public void Read_HelpOrVersion_EndsTheReading(string argument, string option) => Assert.Equal("", Read("--port", "1", argument, "--nonsense")[option]);

    private static IReadOnlyDictionary<string, string> Read(params string[] arguments)
        => OptionReader.Read(arguments, static name => name is "--port" or "--host");
}
