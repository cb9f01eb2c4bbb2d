using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Startup;

/// <summary>An engine with its own state directory, and the fault daemon.</summary>
internal sealed class EngineFixture : IAsyncDisposable
{
    private readonly TemporaryDirectory _root = new();
    private readonly ConcurrentDictionary<int, DaemonSpec> _specs = new();

    public EngineFixture()
    {
        StateDirectory = _root["state"];
        Engine = NewEngine();
    }

    public static string FaultDaemon { get; } = Path.Combine(AppContext.BaseDirectory, "fault-daemon");

    public string StateDirectory { get; }

    public DaemonEngine Engine { get; }

    public string this[string name] => _root[name];

    public DaemonEngine NewEngine(string? launchId = null) => new(new EngineOptions { StateDirectory = StateDirectory, LaunchId = launchId }, NullLogger<DaemonEngine>.Instance);

    public DaemonFiles Files(int port) => new(StateDirectory, port);

    /// <summary>A daemon with faults. The engine replaces <c>{port}</c> and the other placeholders.</summary>
    public DaemonSpec Faulty(params string[] faults) => Spec(FaultDaemon, ["--port", "{port}", "--host", "{host}", .. faults]);

    /// <summary>A daemon with faults that writes its PID file itself.</summary>
    public DaemonSpec FaultyWithPidFile(params string[] faults) => Faulty(["--pid-file", "{pidfile}", .. faults]);

    public DaemonSpec Spec(string? command, params string[] arguments)
    {
        var port = FreePort.Next();
        return Remember(new DaemonSpec { Name = string.Create(CultureInfo.InvariantCulture, $"test-{port}"), Port = port, Command = command, Arguments = arguments });
    }

    public DaemonSpec Remember(DaemonSpec spec)
    {
        _specs[spec.Port] = spec;
        return spec;
    }

    public async Task<StartupReport> StartAsync(DaemonSpec spec, double timeoutSeconds = 30, bool force = false, CancellationToken cancellationToken = default) =>
        (await StartOutcomeAsync(spec, timeoutSeconds, force, cancellationToken)).Report;

    public Task<StartOutcome> StartOutcomeAsync(DaemonSpec spec, double timeoutSeconds = 30, bool force = false, CancellationToken cancellationToken = default)
    {
        Remember(spec);
        return Engine.StartAsync(
            spec,
            new StartOptions { Timeout = TimeSpan.FromSeconds(timeoutSeconds), Force = force, StopGracePeriod = TimeSpan.FromSeconds(1) },
            cancellationToken);
    }

    /// <summary>
    /// A start whose time must run out in a stage, for a reason. On a busy machine the daemon may need longer to come that far. Then it is started once
    /// more, with four times as much.
    /// </summary>
    public async Task<StartupReport> StartUntilAsync(DaemonSpec spec, StartupStage stage, StartupReason reason, string detail = "")
    {
        for (var seconds = 2.0; ; seconds *= 4)
        {
            var report = await StartAsync(spec, seconds);
            if (seconds > 100 || ((report.Stage, report.Reason) == (stage, reason) && report.Detail!.Contains(detail, StringComparison.Ordinal)))
            {
                return report;
            }
        }
    }

    /// <summary>Starts a daemon without the engine.</summary>
    public Process Launch(DaemonSpec spec, string? instanceId)
    {
        var start = new ProcessStartInfo(spec.Command!, spec.Arguments.Select(a => Files(spec.Port).FillIn(a, spec.Host)));
        start.Environment[InstanceRecord.EnvironmentVariable] = instanceId;
        return Process.Start(start)!;
    }

    public Task<StopReport> StopAsync(DaemonSpec spec) =>
        Engine.StopAsync(spec, new StopOptions { GracePeriod = TimeSpan.FromSeconds(2) }, CancellationToken.None);

    public Task<DaemonInspection> InspectAsync(DaemonSpec spec) => Engine.InspectAsync(spec, new InspectOptions(), CancellationToken.None);

    /// <summary>After a failed start or a stop there is no PID file, no record, no process, and the lock is free.</summary>
    public void AssertNothingLeft(DaemonSpec spec, int? pid)
    {
        var files = Files(spec.Port);
        Assert.Multiple(
            () => Assert.False(File.Exists(files.PidFile), "PID file is left"),
            () => Assert.False(File.Exists(files.InstanceFile), "record is left"),
            () => Assert.NotEqual(true, InstanceLock.IsHeld(files.LockFile)),
            () => Assert.Empty(ProcessTable.Current.LockHolders(files.LockFile)),
            () => Assert.Empty(Directory.Exists(StateDirectory) ? Directory.GetFiles(StateDirectory, "*.tmp") : []),
            () => Assert.True(pid is null || ProcessTable.Current.Lookup(pid.Value).Presence == ProcessPresence.Dead, $"PID {pid} lives"));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var spec in _specs.Values)
        {
            await Engine.StopAsync(spec, new StopOptions { GracePeriod = TimeSpan.Zero }, CancellationToken.None);
        }

        _root.Dispose();
    }
}
