using MonitorAspire.Testing;

namespace MonitorAspire.AppHost.Tests;

/// <summary>A wrong value on the command line or in the configuration is one line and exit code 2. Options that are not ours go to Aspire.</summary>
public class BadInputTests
{
    [Theory]
    [InlineData("'many' at 'Monitors:Count'", "--count", "many")]
    [InlineData("Monitors:Count: 0 is out of range (1-200)", "--count", "0")]
    [InlineData("4 ports from 65534 are out of range", "--base-port", "65534")]
    [InlineData("'many' at 'AppHost:SupervisorPort'", "--supervisor-port", "many")]
    [InlineData("port 70000 of 'monitor-supervisor' is out of range (1-65535)", "--supervisor-port", "70000")]
    [InlineData("port 8769 of 'monitor-supervisor' is", "--supervisor-port", "8769")]
    public async Task Run_BadArgument_OneLineExit2NothingLeft(string message, params string[] arguments)
    {
        using var directory = new TemporaryDirectory();
        await using var host = AppHostProcess.Start(["--state-dir", directory["state"], .. arguments]);

        await AssertOneLineAsync(host, message);
        Assert.False(Directory.Exists(directory["state"]));
    }

    [Fact]
    public async Task Run_BadVariable_OneLineExit2()
    {
        await using var host = AppHostProcess.Start(new Dictionary<string, string?> { ["Monitors__StartTimeout"] = "soon" });

        await AssertOneLineAsync(host, "Monitors:StartTimeout");
    }

    [Fact]
    public async Task Run_TwoFaultsInList_OneLineExit2()
    {
        var environment = new Dictionary<string, string?>
        {
            ["Monitors__Daemons__0__Name"] = "a", ["Monitors__Daemons__0__Port"] = "9001",
            ["Monitors__Daemons__1__Name"] = "b", ["Monitors__Daemons__1__Port"] = "9001",
            ["Monitors__Daemons__2__Name"] = "c", ["Monitors__Daemons__2__Port"] = "0",
        };
        await using var host = AppHostProcess.Start(environment);

        await AssertOneLineAsync(host, "port 9001 is given to 'a' and 'b'");
        await host.LineAsync("Monitors:Daemons:2:Port");
    }

    private static async Task AssertOneLineAsync(AppHostProcess host, string message)
    {
        Assert.Equal(2, await host.ExitCodeAsync());
        Assert.StartsWith("! MonitorAspire.AppHost: ", await host.LineAsync(message), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', host.Output);
    }
}
