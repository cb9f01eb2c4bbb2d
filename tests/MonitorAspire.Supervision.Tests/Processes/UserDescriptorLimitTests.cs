using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Tests.Processes;

public class UserDescriptorLimitTests
{
    [Fact]
    public void Parse_LimitsOfAProcess_GivesBoth()
    {
        const string recorded = """
            Limit                     Soft Limit           Hard Limit           Units
            Max core file size        0                    unlimited            bytes
            Max open files            1024                 524288               files
            """;
        Assert.True(UserDescriptorLimit.Parse(recorded, out var soft, out var hard));
        Assert.Equal((1024UL, 524288UL), (soft, hard));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Max open files            unlimited            unlimited            files")]
    [InlineData("Max open files")]
    public void Parse_AnythingElse_GivesNone(string limits) => Assert.False(UserDescriptorLimit.Parse(limits, out _, out _));
}
