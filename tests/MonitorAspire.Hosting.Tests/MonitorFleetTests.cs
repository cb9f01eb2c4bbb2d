using System.Net;
using System.Net.Sockets;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Testing;

namespace MonitorAspire.Hosting.Tests;

public class MonitorFleetTests
{
    [Fact]
    public void AddMonitorDaemons_CountAndBasePort_OwnTheirPortsWithoutAProxy()
    {
        var fleet = Builder("Monitors:Count=2", "Monitors:BasePort=9100").AddMonitorDaemons<SomeProject>();

        Assert.Equal(["monitor-9100", "monitor-9101"], fleet.Daemons.Select(d => d.Resource.Name));
        foreach (var (daemon, spec) in fleet.Daemons.Zip(fleet.Specs))
        {
            var endpoint = Assert.Single(daemon.Resource.Annotations.OfType<EndpointAnnotation>());
            Assert.False(endpoint.IsProxied);
            Assert.Equal(spec.Port, endpoint.Port);
            Assert.Equal("127.0.0.1", endpoint.TargetHost);
        }
    }

    [Fact]
    public async Task AddMonitorDaemons_Daemon_GetsPortHostAndStateDirectoryAsArguments()
    {
        var fleet = Builder("Monitors:Count=1", "Monitors:BasePort=9100", "Monitors:StateDirectory=/tmp/fleet").AddMonitorDaemons<SomeProject>();

        var configuration = await ExecutionConfigurationBuilder.Create(fleet.Daemons[0].Resource)
            .WithArgumentsConfig()
            .BuildAsync(fleet.ApplicationBuilder.ExecutionContext, NullLogger.Instance);

        Assert.Equal(["--port", "9100", "--host", "127.0.0.1", "--state-dir", "/tmp/fleet"], configuration.Arguments.Select(a => a.Value));
    }

    [Fact]
    public void AddMonitorDaemons_DuplicatePort_Throws()
    {
        var builder = Builder("Monitors:Daemons:0:Port=9100", "Monitors:Daemons:0:Name=a", "Monitors:Daemons:1:Port=9100", "Monitors:Daemons:1:Name=b");

        var e = Assert.Throws<DistributedApplicationException>(() => builder.AddMonitorDaemons<SomeProject>());

        Assert.Contains("port 9100 is given to 'a' and 'b'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddMonitorDaemons_WrongKindOfValue_NamesKeyAndValue()
    {
        var builder = Builder("Monitors:Count=many");

        var e = Assert.Throws<DistributedApplicationException>(() => builder.AddMonitorDaemons<SomeProject>());

        Assert.Contains("'many' at 'Monitors:Count'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddMonitorDaemons_CommandOfItsOwn_IsAnExecutableWithItsArgumentsFilledIn()
    {
        var fleet = Builder(
            "Monitors:StateDirectory=/tmp/fleet", "Monitors:Daemons:0:Port=9100", "Monitors:Daemons:0:Name=files", "Monitors:Daemons:0:Command=python3",
            "Monitors:Daemons:0:Arguments:0=-m", "Monitors:Daemons:0:Arguments:1=http.server", "Monitors:Daemons:0:Arguments:2={port}",
            "Monitors:Daemons:0:Environment:WHERE={statedir}").AddMonitorDaemons<SomeProject>();
        var executable = Assert.IsType<ExecutableResource>(fleet.Daemons[0].Resource);

        var configuration = await ExecutionConfigurationBuilder.Create(executable)
            .WithArgumentsConfig()
            .WithEnvironmentVariablesConfig()
            .BuildAsync(fleet.ApplicationBuilder.ExecutionContext, NullLogger.Instance);

        Assert.Equal(("python3", "files"), (executable.Command, executable.Name));
        Assert.Equal(["-m", "http.server", "9100"], configuration.Arguments.Select(a => a.Value));
        Assert.Equal("/tmp/fleet", configuration.EnvironmentVariables.Single(v => v.Key == "WHERE").Value);
        Assert.Equal(AppContext.BaseDirectory.TrimEnd('/'), executable.WorkingDirectory.TrimEnd('/'));
    }

    [Fact]
    public void AddMonitorDaemons_PortRangeWhoseFirstIsTaken_TakesTheNextThatIsNoOther()
    {
        var first = FreePort.Consecutive(3);
        using var somebody = new TcpListener(IPAddress.Loopback, first);
        somebody.Start();

        // The second port of the range is another daemon's own.
        var fleet = Builder(
            $"Monitors:Daemons:0:Port={first}", $"Monitors:Daemons:0:PortRangeEnd={first + 2}", "Monitors:Daemons:0:Name=ranging",
            $"Monitors:Daemons:1:Port={first + 1}").AddMonitorDaemons<SomeProject>();

        Assert.Equal([("ranging", first + 2), ($"monitor-{first + 1}", first + 1)], fleet.Specs.Select(s => (s.Name, s.Port)));
    }

    [Fact]
    public void AddMonitorDaemons_PortRangeOfAHostThatMeansNothing_StaysOnTheFirst()
    {
        var fleet = Builder("Monitors:Daemons:0:Port=9100", "Monitors:Daemons:0:PortRangeEnd=9102", "Monitors:Daemons:0:Host=no-such-host.invalid")
            .AddMonitorDaemons<SomeProject>();

        Assert.Equal(9100, Assert.Single(fleet.Specs).Port);
    }

    [Fact]
    public async Task AddMonitorSupervisor_Fleet_IsToldOfEachDaemonAsAttached()
    {
        var fleet = Builder("Monitors:Count=2", "Monitors:BasePort=9100", "Monitors:StateDirectory=/tmp/fleet").AddMonitorDaemons<SomeProject>();

        var supervisor = fleet.AddMonitorSupervisor(port: 9099);
        await using var app = fleet.ApplicationBuilder.Build();
        var environment = await EnvironmentAsync(app, supervisor.Resource);
        var daemons = await Task.WhenAll(fleet.Daemons.Select(d => EnvironmentAsync(app, d.Resource)));

        Assert.Equal("/tmp/fleet", environment[StateDirectory.EnvironmentVariable]);
        Assert.Equal("127.0.0.1", await ValueAsync(environment["Monitors__Daemons__1__Host"]));
        Assert.Equal("9101", await ValueAsync(environment["Monitors__Daemons__1__Port"]));
        Assert.DoesNotContain(environment.Keys, k => k.StartsWith("services__", StringComparison.Ordinal) || k.EndsWith("__Service", StringComparison.Ordinal));
        Assert.Equal("Daemon", environment["Monitors__Daemons__1__PidFileWriter"]);
        Assert.Equal("true", environment["Supervisor__Launcher"]);
        Assert.Equal("monitor-9101", environment["Monitors__Daemons__1__Name"]);
        Assert.Equal("Attached", environment["Monitors__Daemons__1__Launch"]);
        Assert.False(environment.ContainsKey("ASPNETCORE_URLS"));
        Assert.NotEqual("", environment["Supervisor__LaunchId"]);
        Assert.Equal(2, daemons.Select(d => d[InstanceRecord.EnvironmentVariable]).Distinct().Count());
        Assert.StartsWith($"9101-{environment["Supervisor__LaunchId"]}-", (string)daemons[1][InstanceRecord.EnvironmentVariable], StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddMonitorSupervisor_CommandThatIsGivenThePidFile_IsRegisteredByTheSupervisorAllTheSame()
    {
        // Nobody but the built-in daemon takes the lock and writes the record of an instance.
        var fleet = Builder(
            "Monitors:Daemons:0:Port=9100", "Monitors:Daemons:0:Command=/usr/bin/server", "Monitors:Daemons:0:Arguments:0={pidfile}").AddMonitorDaemons<SomeProject>();

        var supervisor = fleet.AddMonitorSupervisor(port: 9099);
        await using var app = fleet.ApplicationBuilder.Build();

        Assert.Equal("Launcher", (await EnvironmentAsync(app, supervisor.Resource))["Monitors__Daemons__0__PidFileWriter"]);
    }

    [Fact]
    public async Task AddMonitorSupervisor_OptionsOfTheConfiguration_AreTheSupervisorsToo()
    {
        var fleet = Builder("Monitors:Count=1", "Monitors:BasePort=9100", "Monitors:Probe:Failures=5", "Monitors:StopDaemonsOnShutdown=false")
            .AddMonitorDaemons<SomeProject>(options => options.StartTimeout = TimeSpan.FromMinutes(2));

        var supervisor = fleet.AddMonitorSupervisor(port: 9099);
        await using var app = fleet.ApplicationBuilder.Build();
        var environment = await EnvironmentAsync(app, supervisor.Resource);

        Assert.Equal(
            ("5", "False", "00:02:00"),
            (environment["Monitors__Probe__Failures"], environment["Monitors__StopDaemonsOnShutdown"], environment["Monitors__StartTimeout"]));
    }

    [Fact]
    public async Task AddMonitorSupervisor_NoDaemons_IsToldThatThereAreNone()
    {
        var builder = Builder();

        var supervisor = builder.AddMonitorSupervisor(port: 9099);
        await using var app = builder.Build();

        Assert.Equal("", (await EnvironmentAsync(app, supervisor.Resource))["Monitors__Daemons"]);
    }

    [Theory]
    [InlineData("Cuont", "Monitors:Cuont=4")]
    [InlineData("Monitors:Count: 0 is out of range", "Monitors:Count=0")]
    [InlineData("Monitors:Daemons:1:Port: port 70000 is out of range", "Monitors:Daemons:0:Port=0", "Monitors:Daemons:1:Port=70000")]
    public void AddMonitorDaemons_BadConfiguration_IsOneLineWithKeyAndValue(string expected, params string[] settings)
    {
        var builder = Builder(settings);

        var e = Assert.Throws<DistributedApplicationException>(() => builder.AddMonitorDaemons<SomeProject>());

        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9100)]
    public void AddMonitorSupervisor_BadPort_Throws(int port)
    {
        var fleet = Builder("Monitors:Count=1", "Monitors:BasePort=9100").AddMonitorDaemons<SomeProject>();

        var e = Assert.Throws<DistributedApplicationException>(() => fleet.AddMonitorSupervisor(port: port));

        Assert.Contains($"port {port}", e.Message, StringComparison.Ordinal);
    }

    private static async Task<Dictionary<string, object>> EnvironmentAsync(DistributedApplication app, IResource resource)
    {
        var environment = new Dictionary<string, object>();
        var context = new EnvironmentCallbackContext(app.Services.GetRequiredService<DistributedApplicationExecutionContext>(), resource, environment);
        foreach (var callback in resource.Annotations.OfType<EnvironmentCallbackAnnotation>())
        {
            await callback.Callback(context);
        }

        return environment;
    }

    /// <summary>What a reference to an endpoint is when Aspire has allocated it.</summary>
    private static async Task<string?> ValueAsync(object reference)
    {
        var expression = Assert.IsType<EndpointReferenceExpression>(reference);
        var endpoint = expression.Endpoint.EndpointAnnotation;
        endpoint.AllocatedEndpoint ??= new AllocatedEndpoint(endpoint, endpoint.TargetHost, endpoint.Port!.Value);
        return await expression.GetValueAsync();
    }

    private static IDistributedApplicationBuilder Builder(params string[] settings)
        => DistributedApplication.CreateBuilder([.. settings.Select(s => $"--{s}")]);

    private sealed class SomeProject : IProjectMetadata
    {
        public string ProjectPath => Path.Combine(AppContext.BaseDirectory, "some", "some.csproj");

        public LaunchSettings LaunchSettings => new();
    }
}
