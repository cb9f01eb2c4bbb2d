using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;

namespace MonitorAspire.Supervision.Tests.Fleet;

public class FleetTopologyTests
{
    [Fact]
    public void Resolve_CountAndBasePort_GivesConsecutivePortsWithTheFleetsPolicy()
    {
        var options = new MonitorsOptions { Restart = new RestartPolicy { Budget = 7 } };
        var specs = FleetTopology.Resolve(options, out var errors);
        Assert.Empty(errors);
        Assert.Equal([8768, 8769, 8770, 8771], specs.Select(s => s.Port));
        Assert.Equal("monitor-8770", specs[2].Name);
        Assert.All(specs, s => Assert.Equal(7, s.Restart?.Budget));
    }

    [Fact]
    public void Resolve_List_KeepsOrderAndOwnPolicies()
    {
        var options = new MonitorsOptions
        {
            Daemons =
            [
                new DaemonDefinition { Port = 9002, Name = "b", Restart = new RestartPolicy { Mode = RestartMode.Never } },
                new DaemonDefinition { Port = 9001, PortRangeEnd = 9005, Host = "::1" },
            ],
        };
        var specs = FleetTopology.Resolve(options, out var errors);
        Assert.Empty(errors);
        Assert.Equal(["b", "monitor-9001"], specs.Select(s => s.Name));
        Assert.Equal([RestartMode.Never, RestartMode.OnFailure], specs.Select(s => s.Restart!.Mode));
        Assert.Equal(9005, specs[1].PortRangeEnd);
    }

    [Fact]
    public void Resolve_EverythingWrong_NamesEachKeyAndGivesNothing()
    {
        var options = new MonitorsOptions
        {
            Daemons =
            [
                new DaemonDefinition { Port = 0 },
                new DaemonDefinition { Port = 9000, Name = "twice" },
                new DaemonDefinition { Port = 9000, Name = "Twice" },
                new DaemonDefinition { Port = 9003, Restart = new RestartPolicy { Jitter = 2 } },
                new DaemonDefinition { Port = 9004, PortRangeEnd = 9003 },
            ],
        };
        Assert.Empty(FleetTopology.Resolve(options, out var errors));
        Assert.Equal(
            [
                "Monitors:Daemons:0:Port: the port that it listens on is missing (1-65535)",
                "Monitors:Daemons:3:Restart:Jitter: 2 is out of range (0 to 0.5)",
                "Monitors:Daemons:4:PortRangeEnd: port range 9004-9003 is not a range within 1-65535",
                "Monitors: port 9000 is given to 'twice' and 'Twice'; every daemon needs a port of its own",
                "Monitors: the name 'twice' is given 2 times; every daemon needs a name of its own",
            ],
            errors);
    }

    [Theory]
    [InlineData(0, 8768, "Monitors:Count: 0 is out of range (1-200)")]
    [InlineData(201, 8768, "Monitors:Count: 201 is out of range (1-200)")]
    [InlineData(4, 65533, "Monitors:BasePort: 4 ports from 65533 are out of range (1-65535)")]
    public void Resolve_CountOrBasePortOutOfRange_SaysWhich(int count, int basePort, string error)
    {
        Assert.Empty(FleetTopology.Resolve(new MonitorsOptions { Count = count, BasePort = basePort }, out var errors));
        Assert.Equal([error], errors);
    }

    [Fact]
    public void Resolve_FleetPolicyWrong_IsSaidOnce()
    {
        Assert.Empty(FleetTopology.Resolve(new MonitorsOptions { Restart = new RestartPolicy { Budget = 0 } }, out var errors));
        Assert.Equal(["Monitors:Restart:Budget: 0 is out of range (1 to 1000)"], errors);
    }

    [Fact]
    public void Resolve_FleetWideValuesOutOfRange_NamesEachKey()
    {
        var options = new MonitorsOptions
        {
            StartTimeout = TimeSpan.Zero,
            StopGracePeriod = TimeSpan.FromSeconds(-1),
            Probe = new ProbePolicy { Failures = 0 },
        };
        Assert.Empty(FleetTopology.Resolve(options, out var errors));
        Assert.Equal(
            [
                "Monitors:Probe:Failures: 0 is out of range (1 to 1000)",
                "Monitors:StartTimeout: 00:00:00 is not a time to wait (more than 0, at most 1 day)",
                "Monitors:StopGracePeriod: -00:00:01 is not a time to wait (0 to 1 day)",
            ],
            errors);
    }

    [Fact]
    public void Resolve_ListLongerThanAFleet_IsRefused()
    {
        var options = new MonitorsOptions { Daemons = [.. Enumerable.Range(9000, 201).Select(port => new DaemonDefinition { Port = port })] };
        Assert.Empty(FleetTopology.Resolve(options, out var errors));
        Assert.Equal(["Monitors:Daemons: 201 daemons are more than a fleet has (200)"], errors);
    }

    [Theory]
    [InlineData("Host", "a\tb", null, null)]
    [InlineData("HealthPath", null, "/a b", null)]
    [InlineData("Arguments", null, null, "a\0b")]
    public void Problems_TextThatWouldBecomeSomethingElse_NamesTheKey(string key, string? host, string? healthPath, string? argument)
    {
        var spec = new DaemonSpec
        {
            Name = "x", Port = 9000, Command = "y", Host = host ?? "127.0.0.1", HealthPath = healthPath ?? "/health", Arguments = argument is null ? [] : [argument],
        };

        var (found, message) = Assert.Single(FleetTopology.Problems(spec));

        Assert.Equal(key, found);
        Assert.DoesNotContain(message, char.IsControl);
    }
}
