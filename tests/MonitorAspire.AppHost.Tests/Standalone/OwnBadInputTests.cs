using MonitorAspire.Testing;

namespace MonitorAspire.AppHost.Tests.Standalone;

/// <summary>What only this engine can refuse: under Aspire an option that is not ours may be Aspire's.</summary>
public class OwnBadInputTests
{
    [Fact]
    public async Task Run_UnknownOption_OneLineExit2()
    {
        await using var host = AppHostProcess.Start("--colour", "red");

        Assert.Equal(2, await host.ExitCodeAsync());
        await host.LineAsync("'--colour'");
        Assert.DoesNotContain('\n', host.Output);
    }

    [Fact]
    public async Task Run_StateDirectoryIsAFile_OneLineExit1()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory["state"], "");
        await using var host = AppHostProcess.Start("--state-dir", directory["state"]);

        Assert.Equal(1, await host.ExitCodeAsync());
        await host.LineAsync($"the state directory {directory["state"]} cannot be used");
        Assert.DoesNotContain('\n', host.Output);
    }
}
