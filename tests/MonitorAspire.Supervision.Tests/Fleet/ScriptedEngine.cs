using System.Collections.Concurrent;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Tests.Fleet;

/// <summary>
/// An engine without processes: the test says what each daemon does. It notes a second instance or a second operation on a port as a
/// violation. Everything happens on the thread of the test.
/// </summary>
internal sealed class ScriptedEngine(TimeProvider time) : IDaemonEngine
{
    /// <summary>A command that does not exist.</summary>
    public const string MissingCommand = "missing";

    private readonly Lock _lock = new();
    private readonly Dictionary<int, Scripted> _ports = [];
    private int _lastPid = 1000;

    /// <summary>Every start, with the time since the beginning.</summary>
    public ConcurrentQueue<(string Name, TimeSpan At, StartOptions Options)> Starts { get; } = new();

    public ConcurrentQueue<(string Name, TimeSpan At, TimeSpan Timeout)> Probes { get; } = new();

    public ConcurrentQueue<string> Stops { get; } = new();

    public ConcurrentQueue<string> Violations { get; } = new();

    private readonly DateTimeOffset _origin = time.GetUtcNow();

    public Scripted this[int port]
    {
        get
        {
            lock (_lock)
            {
                return _ports.TryGetValue(port, out var scripted) ? scripted : _ports[port] = new Scripted(port);
            }
        }
    }

    private TimeSpan Now => time.GetUtcNow() - _origin;

    /// <summary>An instance that lives without this engine having started it.</summary>
    public DaemonInstance AddInstance(int port, int restarts = 0, TimeSpan? age = null, bool verified = false)
    {
        var scripted = this[port];
        Assert.Null(scripted.Instance);
        scripted.Exit = new TaskCompletionSource<ProcessExit>();
        var pid = Interlocked.Increment(ref _lastPid);
        return scripted.Instance = new DaemonInstance(
            new ProcessIdentity(pid, pid, "boot"), port, time.GetUtcNow() - (age ?? TimeSpan.FromHours(1)), restarts, scripted.Exit.Task)
        {
            VerifiedAt = verified ? time.GetUtcNow() : null,
        };
    }

    public void Kill(int port, int? exitCode = null, int? signal = 9)
    {
        var scripted = this[port];
        scripted.Instance = null;
        scripted.Exit?.TrySetResult(new ProcessExit(exitCode, exitCode is null ? signal : null));
    }

    public async Task<StartOutcome> StartAsync(DaemonSpec spec, StartOptions options, CancellationToken cancellationToken)
    {
        Starts.Enqueue((spec.Name, Now, options));
        var port = Enumerable.Range(spec.Port, (spec.PortRangeEnd ?? spec.Port) - spec.Port + 1).FirstOrDefault(p => !this[p].Foreign && this[p].Instance is null, spec.Port);
        var scripted = this[port];
        if (Interlocked.Increment(ref scripted.Busy) > 1)
        {
            Violations.Enqueue($"{spec.Name}: two operations at once on port {port}");
        }

        try
        {
            options.StageEntered?.Invoke(StartupStage.Preflight, null);
            if (scripted.Instance is { } existing)
            {
                return new StartOutcome(Report(StartupVerdict.AlreadyRunning) with { Pid = existing.Pid, Reason = StartupReason.AlreadyRunning }, existing);
            }

            if (scripted.Foreign)
            {
                return Failed(StartupReason.PortInUse);
            }

            options.StageEntered?.Invoke(StartupStage.Spawn, null);
            if (scripted.SpawnsAs is { } spawned)
            {
                options.StageEntered?.Invoke(StartupStage.PidFile, spawned);
            }

            await DelayAsync(scripted.StartTakes, cancellationToken);
            if (scripted.Failures.TryDequeue(out var reason))
            {
                return Failed(reason);
            }

            if (scripted.AlwaysFails is { } always)
            {
                return Failed(always);
            }

            var instance = AddInstance(port, options.RestartCount, TimeSpan.Zero);
            scripted.Unhealthy = false;
            scripted.SocketLost = false;
            scripted.PidFile = "ok";
            return new StartOutcome(Report(StartupVerdict.Verified) with { Pid = instance.Pid, VerifiedAt = time.GetUtcNow(), OwnershipVerified = true }, instance);
        }
        catch (OperationCanceledException)
        {
            return Failed(StartupReason.Cancelled);
        }
        finally
        {
            Interlocked.Decrement(ref scripted.Busy);
        }

        StartOutcome Failed(StartupReason reason) => new(Report(StartupVerdict.Failed) with { Reason = reason, Stage = StartupStage.Health, Detail = $"scripted {reason}" }, null);

        StartupReport Report(StartupVerdict verdict) => new()
        {
            Name = spec.Name,
            Host = spec.Host,
            Port = port,
            Verdict = verdict,
            Attempt = options.Attempt,
            TotalMs = 12,
            Stages = [new StageTiming(StartupStage.Preflight, 2), new StageTiming(StartupStage.Health, 10)],
        };
    }

    public Task<StartupReport?> CheckStartAsync(DaemonSpec spec, IReadOnlySet<int> freed, CancellationToken cancellationToken)
    {
        var isTaken = freed.Count > 0 && this[spec.Port].Instance is not null && !freed.Contains(spec.Port);
        return Task.FromResult(spec.Command == MissingCommand || isTaken
            ? new StartupReport
            {
                Name = spec.Name,
                Host = spec.Host,
                Port = spec.Port,
                Verdict = StartupVerdict.Failed,
                Reason = isTaken ? StartupReason.PortInUse : StartupReason.CommandNotFound,
                Detail = "scripted; nothing was stopped",
            }
            : null);
    }

    public async Task<StopReport> StopAsync(DaemonSpec spec, StopOptions options, CancellationToken cancellationToken)
    {
        Stops.Enqueue(spec.Name);
        var scripted = this[spec.Port];
        if (Interlocked.Increment(ref scripted.Busy) > 1)
        {
            Violations.Enqueue($"{spec.Name}: two operations at once on port {spec.Port}");
        }

        try
        {
            if (scripted.StopFails)
            {
                return Report(StopVerdict.Failed);
            }

            if (scripted.Foreign && scripted.Instance is null)
            {
                return Report(StopVerdict.Foreign);
            }

            if (scripted.Instance is null)
            {
                return Report(StopVerdict.NotRunning);
            }

            await DelayAsync(scripted.StopTakes, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Kill(spec.Port, exitCode: 0);
            return Report(StopVerdict.Stopped);
        }
        finally
        {
            Interlocked.Decrement(ref scripted.Busy);
        }

        StopReport Report(StopVerdict verdict) => new() { Name = spec.Name, Port = spec.Port, Verdict = verdict, Detail = $"scripted {verdict}" };
    }

    public async Task<DaemonInspection> InspectAsync(DaemonSpec spec, InspectOptions options, CancellationToken cancellationToken)
    {
        if (options.ProbeHealth)
        {
            Probes.Enqueue((spec.Name, Now, options.HealthTimeout ?? TimeSpan.Zero));
        }

        var scripted = this[spec.Port];
        await DelayAsync(scripted.ProbeTakes, cancellationToken);
        var living = scripted.Instance;
        return new DaemonInspection
        {
            Name = spec.Name,
            Host = spec.Host,
            Port = spec.Port,
            Verdict = living is null
                ? scripted.Foreign ? InspectionVerdict.Foreign : InspectionVerdict.NotRunning
                : scripted.Unhealthy || scripted.SocketLost ? InspectionVerdict.Unhealthy : InspectionVerdict.Running,
            Reason = scripted.SocketLost ? StartupReason.PortNotBound : scripted.Unhealthy ? StartupReason.HealthStatus : null,
            Detail = scripted.SocketLost ? "does not listen" : scripted.Unhealthy ? "status 503" : null,
            Pid = living?.Pid,
            PidFileState = living is null ? "missing" : scripted.PidFile,
            PidInFile = scripted.PidFile == "ok" ? living?.Pid : null,
            OwnsPort = living is not null && !scripted.SocketLost,
            Healthy = living is null || scripted.SocketLost ? null : !scripted.Unhealthy,
            HealthMs = 1,
            IsOwnTrouble = scripted.OwnTrouble,
            HealthStatus = scripted.Unhealthy ? 503 : 200,
            PidFile = "pid",
            LogFile = "log",
        };
    }

    public DaemonInstance? Attach(DaemonSpec spec) => this[spec.Port].Instance;

    public string? RepairFiles(DaemonSpec spec, DaemonInstance instance)
    {
        var scripted = this[spec.Port];
        if (scripted.PidFile == "ok")
        {
            return null;
        }

        var was = scripted.PidFile;
        scripted.PidFile = "ok";
        return $"{spec.Name}: was {was}";
    }

    /// <summary>
    /// Unlike <see cref="Task.Delay(TimeSpan, TimeProvider, CancellationToken)"/>, whose cancelled waiters continue on the thread pool, this continues on
    /// the thread that cancels.
    /// </summary>
    private async Task DelayAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource();
        using var timer = time.CreateTimer(_ => ended.TrySetResult(), null, delay, Timeout.InfiniteTimeSpan);
        using var cancelled = cancellationToken.Register(() => ended.TrySetCanceled(cancellationToken));
        await ended.Task;
    }

    internal sealed class Scripted(int port)
    {
        public int Busy;
        public volatile DaemonInstance? Instance;
        public volatile TaskCompletionSource<ProcessExit>? Exit;
        public volatile bool Unhealthy;
        public volatile bool SocketLost;
        public volatile bool Foreign;
        public volatile bool OwnTrouble;
        public volatile bool StopFails;
        public volatile string PidFile = "ok";

        public int Port { get; } = port;

        public TimeSpan StartTakes { get; set; }

        public TimeSpan StopTakes { get; set; }

        public TimeSpan ProbeTakes { get; set; }

        /// <summary>The PID that its starts report before they end.</summary>
        public int? SpawnsAs { get; set; }

        public StartupReason? AlwaysFails { get; set; }

        public ConcurrentQueue<StartupReason> Failures { get; } = new();
    }
}
