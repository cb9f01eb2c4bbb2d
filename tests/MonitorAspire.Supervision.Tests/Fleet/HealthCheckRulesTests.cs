using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Supervision.Tests.Fleet;

public class HealthCheckRulesTests
{
    private static readonly DaemonSpec Spec = new() { Name = "x", Port = 9000, Command = "y" };

    public static TheoryData<string, HealthCheck> Nonsense => new()
    {
        { "Health:Kind: 99 is not one of Http, Https, Tcp, Command, Log, Notify", new() { Kind = (HealthCheckKind)99 } },
        { "Health:Statuses: is for the kind Http and Https, and the kind is Tcp", new() { Kind = HealthCheckKind.Tcp, Statuses = [200] } },
        { "Health:Statuses: 99 is not an HTTP status (100-599)", new() { Statuses = [200, 99] } },
        { "Health:Headers: 'a b' is not a header of a request", new() { Headers = { ["a b"] = "c" } } },
        { "Health:Headers: 'Content-Type' is not a header of a request", new() { Headers = { ["Content-Type"] = "c" } } },
        { "Health:Headers: 'X-A' is not a header of a request, or its value is not one line", new() { Headers = { ["X-A"] = "b\r\nX-C: d" } } },
        { "Health:Text: is empty", new() { Text = "" } },
        { "Health:Command: is needed for the kind Command", new() { Kind = HealthCheckKind.Command } },
        { "Health:Command: is for the kind Command, and the kind is Log", new() { Kind = HealthCheckKind.Log, Command = "a" } },
        { "Health:Arguments: an argument has a NUL character in it", new() { Kind = HealthCheckKind.Command, Command = "a", Arguments = ["b\0c"] } },
        { "Health:Pattern: is needed for the kind Log", new() { Kind = HealthCheckKind.Log } },
        { "Health:Pattern: is not a regular expression", new() { Kind = HealthCheckKind.Log, Pattern = "(" } },
        { "Health:Startup:Interval: 00:00:00.0010000 is out of range", new() { Startup = new CheckLimits { Interval = TimeSpan.FromMilliseconds(1) } } },
        { "Health:Liveness:Interval: 00:00:00.0100000 is out of range", new() { Liveness = new CheckLimits { Interval = TimeSpan.FromMilliseconds(10) } } },
        { "Health:Liveness:Timeout: 1.00:00:00 is out of range", new() { Liveness = new CheckLimits { Timeout = TimeSpan.FromDays(1) } } },
        { "Health:Startup:Failures: 0 is out of range", new() { Startup = new CheckLimits { Failures = 0 } } },
    };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public void Problems_Nonsense_IsOneErrorThatNamesTheKey(string error, HealthCheck health)
    {
        var (key, message) = Assert.Single(FleetTopology.Problems(Spec with { Health = health }));

        Assert.Equal("Health", key);
        Assert.StartsWith(error, message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, char.IsControl);
    }

    [Theory]
    [InlineData(HealthCheckKind.Log)]
    [InlineData(HealthCheckKind.Notify)]
    public void Problems_KindThatAnAttachedDaemonCannotHave_NamesIt(HealthCheckKind kind)
    {
        var health = new HealthCheck { Kind = kind, Pattern = kind == HealthCheckKind.Log ? "ready" : null };

        Assert.Contains($"{kind} needs a daemon that the supervisor launches", FleetTopology.Validate(Spec with { Health = health, Launch = LaunchMode.Attached }), StringComparison.Ordinal);
    }

    [Fact]
    public void Compare_LimitsDiffer_NeedNoRestart()
    {
        HealthCheck Limited(int failures) => new() { Kind = HealthCheckKind.Command, Command = "a", Arguments = ["b"], Liveness = new CheckLimits { Failures = failures } };

        Assert.Equal(SpecDifference.None, SpecComparison.Compare(Spec with { Health = Limited(1) }, Spec with { Health = Limited(1) }));
        Assert.Equal(SpecDifference.Update, SpecComparison.Compare(Spec with { Health = Limited(1) }, Spec with { Health = Limited(2) }));
        Assert.Equal(SpecDifference.Restart, SpecComparison.Compare(Spec with { Health = Limited(1) }, Spec with { Health = Limited(1) with { Arguments = ["c"] } }));
    }

    [Fact]
    public void Compare_WhatIsFixedAtTheLaunch_NeedsARestart()
    {
        var watched = Spec with { RestartOnChange = new RestartOnChange { Paths = ["a"] }, EnvironmentFiles = ["a"], MemoryLimitBytes = 1 << 20 };

        Assert.Equal(SpecDifference.None, SpecComparison.Compare(watched, watched with { RestartOnChange = new RestartOnChange { Paths = ["a"] }, EnvironmentFiles = ["a"] }));
        Assert.Equal(SpecDifference.Update, SpecComparison.Compare(watched, watched with { RestartOnChange = new RestartOnChange { Paths = ["b"] } }));
        Assert.Equal(SpecDifference.Update, SpecComparison.Compare(watched, watched with { MemoryLimitBytes = 2 << 20 }));
        Assert.Equal(SpecDifference.Restart, SpecComparison.Compare(watched, watched with { EnvironmentFiles = ["b"] }));
        Assert.Equal(SpecDifference.Restart, SpecComparison.Compare(watched, watched with { User = "nobody" }));
        Assert.Equal(SpecDifference.Restart, SpecComparison.Compare(watched, watched with { Limits = new ResourceLimits { Core = "0" } }));
    }
}
