using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using MonitorAspire.Testing;

namespace MonitorAspire.Hosting.Tests;

/// <summary>Applications that Aspire's orchestrator runs.</summary>
public sealed class RunningApplicationTests : IDisposable
{
    private static readonly string FaultDaemon = Path.Combine(AppContext.BaseDirectory, "fault-daemon");

    private readonly TemporaryDirectory _directory = new();
    private readonly int _supervisorPort = FreePort.Next();

    public RunningApplicationTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "processes and signals are those of Linux");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task WaitFor_SupervisedResource_IsStartedWhenThatIsVerified()
    {
        var builder = Builder();
        var catalog = AddServer(builder, "catalog", FreePort.Next());

        // Aspire selects the port of this one, and the supervisor has to know it although the resource has not started.
        var orders = AddServer(builder, "orders", port: null).WaitFor(catalog);
        builder.AddMonitorSupervisor(port: _supervisorPort);
        await using var app = builder.Build();
        using var limit = new CancellationTokenSource(Wait.Generous);

        await app.StartAsync(limit.Token);
        var started = await app.ResourceNotifications.WaitForResourceHealthyAsync(orders.Resource.Name, limit.Token);

        Assert.Equal(["orders-health", "orders-pid-file", "orders-port"], started.Snapshot.HealthReports.Select(r => r.Name).Order(StringComparer.Ordinal));
        await app.ResourceNotifications.WaitForResourceHealthyAsync(catalog.Resource.Name, limit.Token);
        await app.StopAsync(limit.Token);
    }

    [Fact]
    public async Task Supervisor_StoppedBySignal_ShowsThatNobodyWatchesUntilItGoesOn()
    {
        var builder = Builder();
        var server = AddServer(builder, "server", FreePort.Next());
        builder.AddMonitorSupervisor(port: _supervisorPort);
        await using var app = builder.Build();
        using var limit = new CancellationTokenSource(Wait.Generous * 2);
        await app.StartAsync(limit.Token);
        await app.ResourceNotifications.WaitForResourceHealthyAsync("server", limit.Token);
        var supervisor = await SupervisorPidAsync();

        Signal("STOP", supervisor);
        try
        {
            var lost = await app.ResourceNotifications.WaitForResourceAsync("server", e => e.Snapshot.HealthStatus == HealthStatus.Degraded, limit.Token);

            Assert.All(lost.Snapshot.HealthReports, r => Assert.Contains("no word from the supervisor since", r.Description, StringComparison.Ordinal));
        }
        finally
        {
            Signal("CONT", supervisor);
        }

        await app.ResourceNotifications.WaitForResourceHealthyAsync("server", limit.Token);
        Assert.Equal(supervisor, await SupervisorPidAsync());
        await app.StopAsync(limit.Token);
    }

    /// <summary>What Aspire.Hosting.Testing sets, so that tests can run at once. The public port of the resource is in use here.</summary>
    [Fact]
    public async Task WithSupervision_RandomPorts_DoesNotPinThePublicPort()
    {
        using var inUse = new TcpListener(IPAddress.Loopback, 0);
        inUse.Start();
        var port = ((IPEndPoint)inUse.LocalEndpoint).Port;
        var builder = Builder("--DcpPublisher:RandomizePorts=true");
        var server = AddServer(builder, "server", port);
        builder.AddMonitorSupervisor();
        await using var app = builder.Build();
        using var limit = new CancellationTokenSource(Wait.Generous);

        await app.StartAsync(limit.Token);
        await app.ResourceNotifications.WaitForResourceHealthyAsync("server", limit.Token);

        Assert.NotEqual(port, server.GetEndpoint("http").Port);
        await app.StopAsync(limit.Token);
    }

    private static IResourceBuilder<ExecutableResource> AddServer(IDistributedApplicationBuilder builder, string name, int? port)
    {
        var server = builder.AddExecutable(name, FaultDaemon, AppContext.BaseDirectory).WithHttpEndpoint(port: port, env: "PORT").WithSupervision();
        return server.WithArgs("--host", "127.0.0.1", "--port", server.GetEndpoint("http").Property(EndpointProperty.TargetPort));
    }

    private static void Signal(string signal, int pid)
    {
        using var kill = Process.Start("kill", [$"-{signal}", pid.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private async Task<int> SupervisorPidAsync()
    {
        using var client = new HttpClient();
        return (await client.GetFromJsonAsync<JsonElement>(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_supervisorPort}/health")))).GetProperty("pid").GetInt32();
    }

    private IDistributedApplicationBuilder Builder(params string[] arguments)
    {
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions
        {
            Args = [$"--Monitors:StateDirectory={_directory["state"]}", "--Monitors:StartTimeout=00:02:00", .. arguments],
            AssemblyName = typeof(Projects.MonitorAspire_AppHost).Assembly.GetName().Name,
            DisableDashboard = true,
        });
        builder.Services.AddLogging(logging => logging.ClearProviders());
        return builder;
    }
}
