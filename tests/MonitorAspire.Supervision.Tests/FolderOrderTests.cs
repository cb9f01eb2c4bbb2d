using MonitorAspire.Supervision.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests;

/// <summary>The folders of the engine use each other in one direction only.</summary>
public sealed class FolderOrderTests
{
    private static readonly FolderOrder Order = new(
        "MonitorAspire.Supervision",
        ["Interop", "Daemons", "Files", "Identity", "Probes", "Processes", "Telemetry", "Startup", "Restarts", "Fleet", "Launcher", "Diagnosis"])
    {
        Only =
        {
            ["Daemons"] = [],
            ["Telemetry"] = ["Interop", "Daemons"],
        },
    };

    [Fact]
    public void Verify_EngineFolders_UseOnlyTheFoldersBelowThem() => Order.Verify(typeof(DaemonEngine).Assembly);

    [Theory]
    [InlineData("BaseType")]
    [InlineData("AField.Field")]
    [InlineData("AParameter.Method")]
    [InlineData("ALocal.Method")]
    [InlineData("ACall.Method")]
    [InlineData("ALambda.Method")]
    [InlineData("AnAsyncCall.MethodAsync")]
    [InlineData("ATypeArgument.Method")]
    [InlineData("AConstraint`1", "AConstraint")]
    [InlineData("ACatch.Method")]
    [InlineData("AnAttribute.Method")]
    [InlineData("ATypeInAnAttribute.Method")]
    public void Violations_LowerFolderUsesHigherOne_NamesTypeAndMember(string kind, string? member = null)
    {
        var violations = new FolderOrder("MonitorAspire.Supervision.Tests.Sample", ["Low", "High"]).Violations(typeof(Sample.Low.BaseType).Assembly);

        Assert.Contains($"  Low may not use High: {member ?? kind} uses MonitorAspire.Supervision.Tests.Sample.High.TargetException", violations);
    }

    [Fact]
    public void Violations_HigherFolderUsesLowerOne_AreNone() =>
        Assert.Empty(new FolderOrder("MonitorAspire.Supervision.Tests.Sample", ["High", "Low"]).Violations(typeof(Sample.Low.BaseType).Assembly));

    [Fact]
    public void Violations_FolderUsesOneThatItsListDoesNotName_AreFound() =>
        Assert.NotEmpty(new FolderOrder("MonitorAspire.Supervision.Tests.Sample", ["High", "Low"]) { Only = { ["Low"] = [] } }
            .Violations(typeof(Sample.Low.BaseType).Assembly));

    [Fact]
    public void Violations_FolderMissingInTheOrderOrInTheAssembly_AreFound() =>
        Assert.Equal(
            ["  Gone is in the order, but the assembly has no such folder", "  High has no place in the order"],
            new FolderOrder("MonitorAspire.Supervision.Tests.Sample", ["Gone", "Low"]).Violations(typeof(Sample.Low.BaseType).Assembly)
                .Where(line => !line.Contains("may not use", StringComparison.Ordinal)));
}
