using MonitorAspire.AppHost.Standalone.Output;

namespace MonitorAspire.AppHost.Tests.Standalone;

public class ScreenTests
{
    [Fact]
    public void Status_InAPipe_PrintsNothing()
    {
        var output = new StringWriter { NewLine = "\n" };
        var screen = new Screen(output, TextWriter.Null, live: false);

        screen.Status("starting");
        screen.Say("done");

        Assert.Equal("done\n", output.ToString());
    }

    [Fact]
    public void Say_OverAStatus_TakesItsPlace()
    {
        var output = new StringWriter { NewLine = "\n" };
        var screen = new Screen(output, TextWriter.Null, live: true);

        screen.Status("starting");
        screen.Say("done");

        Assert.Equal("starting\r\u001b[Kdone\n", output.ToString());
    }
}
