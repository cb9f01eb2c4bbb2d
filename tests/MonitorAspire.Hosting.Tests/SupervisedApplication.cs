using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Testing;

namespace MonitorAspire.Hosting.Tests;

/// <summary>An application of a test, with a supervisor and what the test adds. Aspire's orchestrator runs it.</summary>
internal sealed class SupervisedApplication : IAsyncDisposable
{
    internal static readonly string FaultDaemon = Path.Combine(AppContext.BaseDirectory, "fault-daemon");

    /// <summary>Tries soon, so that a crash loop is reached within seconds.</summary>
    internal static readonly RestartPolicy Eager = new()
    {
        InitialDelay = TimeSpan.FromMilliseconds(50), MaxDelay = TimeSpan.FromMinutes(10), Budget = 3, BudgetWindow = TimeSpan.FromMinutes(5),
    };

    private readonly TemporaryDirectory _directory;
    private readonly bool _ownsDirectory;
    private readonly CancellationTokenSource _limit = new(Wait.Generous * 3);
    private readonly ConcurrentQueue<ResourceEvent> _seen = new();
    private DistributedApplication? _app;
    private Task _watching = Task.CompletedTask;

    internal SupervisedApplication(TemporaryDirectory? directory = null, params string[] settings)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "processes and signals are those of Linux");
        _ownsDirectory = directory is null;
        _directory = directory ?? new TemporaryDirectory();
        SupervisorPort = FreePort.Next();
        Builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions
        {
            Args = [$"--Monitors:StateDirectory={StateDirectory}", "--Monitors:StartTimeout=00:02:00", .. settings],
            AssemblyName = typeof(Projects.MonitorAspire_AppHost).Assembly.GetName().Name,
            DisableDashboard = true,
        });
        Builder.Services.AddLogging(logging => logging.ClearProviders());
        Builder.AddMonitorSupervisor("supervisor", SupervisorPort);
    }

    internal IDistributedApplicationBuilder Builder { get; }

    internal int SupervisorPort { get; }

    internal string StateDirectory => _directory["state"];

    internal CancellationToken Limit => _limit.Token;

    internal DistributedApplication App => _app!;

    /// <summary>All that Aspire has shown of the resources, in its order.</summary>
    internal IReadOnlyList<ResourceEvent> Seen => [.. _seen];

    /// <summary>Adds a server with faults and puts it under supervision. Without a port Aspire selects one.</summary>
    internal IResourceBuilder<ExecutableResource> AddServer(string name, int? port = null, RestartPolicy? restart = null, params string[] faults)
    {
        var server = Builder.AddExecutable(name, FaultDaemon, AppContext.BaseDirectory).WithHttpEndpoint(port: port, env: "PORT").WithSupervision(d => d.Restart = restart);
        return server.WithArgs("--host", "127.0.0.1", "--port", server.GetEndpoint("http").Property(EndpointProperty.TargetPort)).WithArgs([.. faults.Cast<object>()]);
    }

    /// <summary>Adds a shell script and puts it under supervision.</summary>
    internal IResourceBuilder<ExecutableResource> AddScript(string name, string script, RestartPolicy? restart = null) =>
        Builder.AddExecutable(name, "/bin/sh", AppContext.BaseDirectory, "-c", script).WithHttpEndpoint(env: "PORT").WithSupervision(d => d.Restart = restart);

    internal Task StartAsync()
    {
        _app = Builder.Build();
        _watching = WatchAsync(_app.ResourceNotifications);
        return _app.StartAsync(Limit);
    }

    internal Task<CustomResourceSnapshot> HealthyAsync(string name) => UntilAsync(name, s => s.HealthStatus == HealthStatus.Healthy);

    /// <summary>Waits until a resource looks as wanted.</summary>
    internal async Task<CustomResourceSnapshot> UntilAsync(string name, Func<CustomResourceSnapshot, bool> wanted)
    {
        CustomResourceSnapshot? last = null;
        try
        {
            return (await App.ResourceNotifications.WaitForResourceAsync(name, e => wanted(last = e.Snapshot), Limit)).Snapshot;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{name} was last: {last?.State?.Text}, {string.Join("; ", last?.Properties.Select(p => $"{p.Name}={p.Value}") ?? [])}; {string.Join("; ", last?.HealthReports.Select(r => $"{r.Name} {r.Status} {r.Description}") ?? [])}");
        }
    }

    internal Task<ExecuteCommandResult> CommandAsync(string name, string command) => App.ResourceCommands.ExecuteCommandAsync(name, command, Limit);

    internal async Task<int> SupervisorPidAsync()
    {
        using var client = new HttpClient();
        return (await client.GetFromJsonAsync<JsonElement>(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{SupervisorPort}/health")), Limit)).GetProperty("pid").GetInt32();
    }

    internal static string? Property(CustomResourceSnapshot snapshot, string name) =>
        Convert.ToString(snapshot.Properties.FirstOrDefault(p => p.Name == name)?.Value, CultureInfo.InvariantCulture);

    internal static int? Pid(CustomResourceSnapshot snapshot) => Property(snapshot, "executable.pid") is { Length: > 0 } pid ? int.Parse(pid, CultureInfo.InvariantCulture) : null;

    internal static ResourceCommandState? Command(CustomResourceSnapshot snapshot, string name) => snapshot.Commands.FirstOrDefault(c => c.Name == name)?.State;

    internal static bool IsAlive(int pid) => Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}"));

    internal static void Signal(string signal, int pid)
    {
        using var kill = Process.Start("kill", [$"-{signal}", pid.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.StopAsync(CancellationToken.None).WaitAsync(Wait.Generous);
            await _app.DisposeAsync();
        }

        await _limit.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _limit.Dispose();
        if (_ownsDirectory)
        {
            _directory.Dispose();
        }
    }

    private async Task WatchAsync(ResourceNotificationService notifications)
    {
        await foreach (var seen in notifications.WatchAsync(Limit))
        {
            _seen.Enqueue(seen);
        }
    }
}
