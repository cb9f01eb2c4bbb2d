
namespace MonitorAspire.AppHost.Tests;

public class DashboardChoiceTests
{
    [Theory]
    [InlineData(null, true)]
    [InlineData("", true)]
    [InlineData("AUTO", true)]
    [InlineData("off", false)]
    public void Parse_Word_SaysWhetherOneIsWanted(string? text, bool wanted)
    {
        Assert.Equal(new DashboardChoice(wanted, null), DashboardChoice.Parse(text, out var error));
        Assert.Null(error);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1234", 1234)]
    [InlineData("http://localhost:1234", 1234)]
    [InlineData("http://[::1]:1234", 1234)]
    public void Parse_LoopbackAddress_IsTaken(string text, int port)
        => Assert.Equal(port, DashboardChoice.Parse(text, out _)?.Url?.Port);

    [Theory]
    [InlineData("https://127.0.0.1:1234")]
    [InlineData("http://127.0.0.1:1234/path")]
    [InlineData("http://0.0.0.0:1234")]
    [InlineData("18888")]
    [InlineData("on")]
    public void Parse_AnythingElse_SaysWhatIsWrong(string text)
    {
        Assert.Null(DashboardChoice.Parse(text, out var error));
        Assert.Contains(text, error, StringComparison.Ordinal);
    }
}
