using System.Diagnostics;
using MonitorAspire.Testing;

namespace MonitorAspire.AppHost.Tests;

/// <summary>What is wrong with the command line or the configuration is said the same by both engines.</summary>
public class BadInputTests
{
    [Theory]
    [InlineData("--count 'many' is not a number", "--count", "many")]
    [InlineData("Monitors:Count: 0 is out of range (1-200)", "--count", "0")]
    [InlineData("4 ports from 65534 are out of range", "--base-port", "65534")]
    [InlineData("--supervisor-port 70000 is out of range", "--supervisor-port", "70000")]
    [InlineData("port 8769 is given to the supervisor and to 'monitor-8769'", "--supervisor-port", "8769")]
    [InlineData("--dashboard 'maybe' is none of auto, off or an address", "--dashboard", "maybe")]
    [InlineData("--dashboard 'http://192.0.2.1:18888' is not a loopback address", "--dashboard", "http://192.0.2.1:18888")]
    [InlineData("Required argument missing for option: '--count'", "--count")]
    public async Task Run_BadArgument_OneLineExit2NothingLeft(string said, params string[] arguments)
    {
        using var directory = new TemporaryDirectory();
        await using var host = AppHostProcess.Start(["--state-dir", directory["state"], .. arguments]);

        Assert.Equal(2, await host.ExitCodeAsync());
        await host.LineAsync(said);
        Assert.DoesNotContain('\n', host.Output);
        Assert.False(Directory.Exists(directory["state"]));
    }

    [Fact]
    public async Task Run_BadVariable_OneLineExit2()
    {
        await using var host = AppHostProcess.Start(new Dictionary<string, string?> { ["Monitors__StartTimeout"] = "soon" });

        Assert.Equal(2, await host.ExitCodeAsync());
        await host.LineAsync("Monitors:StartTimeout");
        Assert.DoesNotContain('\n', host.Output);
    }

    [Fact]
    public async Task Run_DuplicatePortInList_OneLineExit2()
    {
        var environment = new Dictionary<string, string?>
        {
            ["Monitors__Daemons__0__Name"] = "a", ["Monitors__Daemons__0__Port"] = "9001",
            ["Monitors__Daemons__1__Name"] = "b", ["Monitors__Daemons__1__Port"] = "9001",
        };
        await using var host = AppHostProcess.Start(environment);

        Assert.Equal(2, await host.ExitCodeAsync());
        await host.LineAsync("port 9001 is given to 'a' and 'b'");
    }

    [Fact]
    public async Task Run_CountAndList_OneLineExit2()
    {
        var environment = new Dictionary<string, string?> { ["Monitors__Daemons__0__Port"] = "9001" };
        await using var host = AppHostProcess.Start(environment, "--count", "2");

        Assert.Equal(2, await host.ExitCodeAsync());
        await host.LineAsync("--count and --base-port do not go together with a list");
    }

    [Fact]
    public async Task Help_Asked_ListsTheOptionsAndStartsNothing()
    {
        await using var host = AppHostProcess.Start("--help");

        Assert.Equal(0, await host.ExitCodeAsync());
        await host.LineAsync("--supervisor-port <PORT>");
    }
}
