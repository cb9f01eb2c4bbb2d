using System.Collections;
using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervisor.Fleet;

namespace MonitorAspire.Supervisor.Tests.Fleet;

/// <summary>No property of a definition is lost on any way that a definition takes. The properties are found by reflection.</summary>
public class DefinitionRoundTripTests
{
    [Fact]
    public void Sample_EveryProperty_DiffersFromTheDefault()
    {
        var defaults = Flatten(new MonitorsOptions { Daemons = [new DaemonDefinition { Restart = new RestartPolicy(), Log = new LogPolicy() }] });

        var sample = Flatten(SampleOptions());

        Assert.DoesNotContain(sample, s => s.Value is null || (defaults.TryGetValue(s.Key, out var value) && value == s.Value));
        Assert.Contains("Daemons.0.Restart.BudgetWindow", sample.Keys);
    }

    [Fact]
    public void Mapper_ToSpecAndBack_LosesNothing()
    {
        var sample = Sample<DaemonDefinition>();

        Assert.Equal(Flatten(sample), Flatten(DefinitionMapper.ToDefinition(DefinitionMapper.ToSpec(sample))));
    }

    [Fact]
    public void Mapper_Spec_HasEveryPropertyOfTheDefinition()
        => Assert.Equal(Flatten(Sample<DaemonDefinition>()), Flatten(DefinitionMapper.ToSpec(Sample<DaemonDefinition>())).Where(p => p.Key != nameof(DaemonSpec.EffectivePidFileWriter)));

    [Fact]
    public void Json_WrittenAndRead_LosesNothing()
    {
        var document = new OverlayDocument { Daemons = [Sample<DaemonDefinition>()], Removed = ["gone"] };

        var read = JsonSerializer.Deserialize(JsonSerializer.Serialize(document, FleetJson.Strict.OverlayDocument), FleetJson.Strict.OverlayDocument)!;

        Assert.Equal(Flatten(document), Flatten(read));
    }

    [Fact]
    public void Variables_WrittenByAspireAndReadByTheSupervisor_LoseNothing()
    {
        var sample = SampleOptions();

        Assert.Equal(Flatten(sample), Flatten(MonitorsReader.Read(FromVariables(MonitorsVariables.Of(sample)))));
    }

    [Fact]
    public async Task Variables_NoDaemons_AreAFleetWithoutDaemons()
        => Assert.Empty((await MonitorsReader.ReadFleetAsync(FromVariables(MonitorsVariables.Of(new MonitorsOptions())))).Specs);

    [Theory]
    [InlineData("A", null)]
    [InlineData("A__B", "1")]
    public void Variables_EntryThatTheyCannotExpress_IsRefused(string name, string? value)
    {
        var options = new MonitorsOptions { Daemons = [new DaemonDefinition { Environment = new Dictionary<string, string?> { [name] = value } }] };

        Assert.Contains($"'{name}'", Assert.Throws<ArgumentException>(() => MonitorsVariables.Of(options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ConfigurationFile_Read_LosesNothing()
    {
        var sample = SampleOptions();
        var json = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, MonitorsOptions> { [MonitorsOptions.Section] = sample });

        Assert.Equal(Flatten(sample), Flatten(MonitorsReader.Read(new ConfigurationBuilder().AddJsonStream(new MemoryStream(json)).Build())));
    }

    [Fact]
    public async Task RestApi_GetAndPutOfTheAnswer_LosesNothing()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        // Over the REST API a daemon is always launched by the supervisor. Each kind of health check has options of its own.
        var whole = Sample<HealthCheck>();
        var health = new HealthCheck { Kind = whole.Kind, Statuses = whole.Statuses, Headers = whole.Headers, Text = whole.Text, Startup = whole.Startup, Liveness = whole.Liveness };
        var sample = Sample<DaemonDefinition>() with { Launch = LaunchMode.Supervisor, PidFileWriter = PidFileWriter.Launcher, EnvironmentFiles = ["a.env", "-b.env"], RestartOnChange = new RestartOnChange { Paths = ["a", "b"], Delay = TimeSpan.FromSeconds(2) }, Health = health, DependsOn = [new DaemonDependency { Name = "alpha", Condition = DependencyCondition.Started }] };
        var body = Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(new SourcedDefinition(DefinitionSource.RestApi, sample), FleetJson.Strict.SourcedDefinition));
        using var sent = JsonDocument.Parse(body);
        var put = await supervisor.SendAsync(HttpMethod.Put, $"/api/daemons/{sample.Name}", sent.RootElement.GetProperty("definition").GetRawText());
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);

        for (var round = 0; round < 2; round++)
        {
            var answer = await (await supervisor.SendAsync(HttpMethod.Get, $"/api/daemons/{sample.Name}/definition")).Content.ReadAsStringAsync();
            Assert.Equal(Flatten(sample), Flatten(JsonSerializer.Deserialize(answer, FleetJson.Strict.SourcedDefinition)!.Definition));
            using var received = JsonDocument.Parse(answer);
            put = await supervisor.SendAsync(HttpMethod.Put, $"/api/daemons/{sample.Name}", received.RootElement.GetProperty("definition").GetRawText());
            Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        }
    }

    // With the framework's own reader of environment variables, under a prefix that no other test uses.
    private static IConfigurationRoot FromVariables(IReadOnlyDictionary<string, string> variables)
    {
        var prefix = $"TEST{Guid.NewGuid():N}_";
        try
        {
            foreach (var (name, value) in variables)
            {
                Environment.SetEnvironmentVariable(prefix + name, value);
            }

            return new ConfigurationBuilder().AddEnvironmentVariables(prefix).Build();
        }
        finally
        {
            foreach (var name in variables.Keys)
            {
                Environment.SetEnvironmentVariable(prefix + name, null);
            }
        }
    }

    private static MonitorsOptions SampleOptions() => Sample<MonitorsOptions>();

    private static T Sample<T>() => (T)SampleOf(typeof(T), typeof(T).Name);

    /// <summary>An object whose properties all have a valid value that is not their default.</summary>
    private static object SampleOf(Type type, string name)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string))
        {
            return name switch
            {
                nameof(DaemonDefinition.HealthPath) => "/sample/health",
                nameof(DaemonDefinition.Host) => "localhost",
                nameof(DaemonDefinition.Umask) => "027",
                _ => $"sample-{name}",
            };
        }

        if (type == typeof(int))
        {
            return name switch { nameof(DaemonDefinition.Port) => 9100, nameof(DaemonDefinition.PortRangeEnd) => 9109, _ => 7 };
        }

        if (type == typeof(long))
        {
            return name switch { nameof(LogPolicy.TotalBytes) => 900_000L, nameof(DaemonDefinition.MemoryLimitBytes) => 90_000_000L, _ => 100_000L };
        }

        if (type == typeof(double))
        {
            return name == nameof(RestartPolicy.Jitter) ? 0.125 : 3.5;
        }

        if (type == typeof(bool))
        {
            return name is not (nameof(MonitorsOptions.StopDaemonsOnShutdown) or nameof(DaemonDefinition.AutoStart));
        }

        if (type == typeof(TimeSpan))
        {
            return TimeSpan.FromMilliseconds(1500.5);
        }

        if (type.IsEnum)
        {
            return Enum.GetValues(type).GetValue(1)!;
        }

        if (type == typeof(IList<int>))
        {
            return new List<int> { 200, 204 };
        }

        if (type == typeof(IList<string>))
        {
            return new List<string> { "first", "second {port}", "" };
        }

        if (type == typeof(IDictionary<string, string?>))
        {
            return new Dictionary<string, string?> { ["some_Name"] = "value", ["EMPTY"] = "" };
        }

        if (type == typeof(IList<DaemonDependency>))
        {
            return new List<DaemonDependency> { Sample<DaemonDependency>() };
        }

        if (type == typeof(IList<DaemonDefinition>))
        {
            return new List<DaemonDefinition> { Sample<DaemonDefinition>() };
        }

        if (type.Assembly != typeof(DaemonDefinition).Assembly)
        {
            throw new NotSupportedException($"{name} is a {type}: add a sample of that type here");
        }

        if (type == typeof(ResourceLimits))
        {
            return new ResourceLimits { NoFile = "1024:4096", NProc = "infinity", Core = "0", AddressSpace = "1", FileSize = "2", LockedMemory = "3", Stack = "4", Cpu = "5" };
        }

        var sample = Activator.CreateInstance(type)!;
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite))
        {
            property.SetValue(sample, SampleOf(property.PropertyType, property.Name));
        }

        return sample;
    }

    /// <summary>Every property below an object, with its path and its value as text.</summary>
    private static SortedDictionary<string, string?> Flatten(object root)
    {
        var found = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        Add("", root);
        return found;

        void Add(string path, object? value)
        {
            switch (value)
            {
                case null or string or IFormattable or bool:
                    found[path] = Convert.ToString(value, CultureInfo.InvariantCulture);
                    break;
                case IEnumerable<KeyValuePair<string, string?>> entries:
                    foreach (var (name, text) in entries)
                    {
                        Add($"{path}.{name}", text);
                    }

                    break;
                case IEnumerable items:
                    foreach (var (index, item) in items.Cast<object>().Index())
                    {
                        Add($"{path}.{index}", item);
                    }

                    break;
                default:
                    foreach (var property in value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
                    {
                        Add(path.Length == 0 ? property.Name : $"{path}.{property.Name}", property.GetValue(value));
                    }

                    break;
            }
        }
    }
}
