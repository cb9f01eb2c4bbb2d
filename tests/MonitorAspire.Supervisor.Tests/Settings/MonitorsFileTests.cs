using Microsoft.Extensions.Configuration;
using MonitorAspire.Supervisor.Settings;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Settings;

public sealed class MonitorsFileTests : IDisposable
{
    private const string Content = """
        {
          "Monitors": {
            "Count": 3,
            "Daemons": [
              { "Name": "a", "Arguments": ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"], "Environment": { "B": "1", "a": "2" } },
              { "Name": "b", "Health": { "Kind": "Tcp" }, "DependsOn": [], "Limits": {} }
            ],
            "daemonsX": null
          },
          "Logging:LogLevel": { "Default": "Warning" },
          "Logging": { "LogLevel:Other": "Error" },
          "Plain": "text"
        }
        """;

    private readonly TemporaryDirectory _directory = new();
    private readonly string _path;

    public MonitorsFileTests() => File.WriteAllText(_path = _directory["fleet.json"], Content);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Children_OfEveryKey_AreThoseThatTheFrameworkFinds()
    {
        var expected = new ConfigurationBuilder().AddInMemoryCollection([new("Monitors:Daemons:0:Zero", "0"), new("plain:below", "x")]).AddJsonFile(_path).Build();
        var actual = new ConfigurationBuilder().AddInMemoryCollection([new("Monitors:Daemons:0:Zero", "0"), new("plain:below", "x")])
            .Add(new MonitorsFileSource(_path, reload: false)).Build();

        Assert.Equal(expected.AsEnumerable(), actual.AsEnumerable());
        Assert.Equal(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"], actual.GetSection("monitors:daemons:0:ARGUMENTS").GetChildren().Select(c => c.Key));
    }

    [Fact]
    public void Children_AfterAChange_AreTheNewOnes()
    {
        var configuration = new ConfigurationBuilder().Add(new MonitorsFileSource(_path, reload: false)).Build();
        Assert.Equal(2, configuration.GetSection("Monitors:Daemons").GetChildren().Count());

        configuration["Monitors:Daemons:2:Name"] = "c";
        Assert.Equal(3, configuration.GetSection("Monitors:Daemons").GetChildren().Count());

        File.WriteAllText(_path, """{ "Monitors": { "Daemons": [ { "Name": "only" } ] } }""");
        configuration.Reload();
        Assert.Single(configuration.GetSection("Monitors:Daemons").GetChildren());
    }
}
