using System.Collections.Concurrent;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>What takes time. None of it runs on the mailbox, and all of it comes back through the mailbox.</summary>
internal sealed partial class DaemonActor
{
    private static readonly TimeSpan KillTimeout = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<Task, bool> _operations = new();
    private int? _exitedPid;
    private string? _lastRotation;

    private IEnumerable<Task> Operations() => _operations.Keys;

    private void Run(string what, Func<Task> operation)
    {
        var task = Task.Run(async () =>
        {
            try
            {
                await operation().ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_ended.IsCancellationRequested)
            {
                // Ending.
            }
            catch (Exception e)
            {
                LogUnexpected(_parts.Logger, e, _spec.Name, what);
            }
        });
        _operations[task] = true;
        task.ContinueWith(static (done, all) => ((ConcurrentDictionary<Task, bool>)all!).TryRemove(done, out _), _operations, TaskScheduler.Default);
    }

    private void BeginAdoption()
    {
        var isAttached = IsAttached;
        Run("adoption", async () =>
        {
            var (spec, instance) = FindLiving(_spec);

            // What somebody else launches has its first verification still before it, unless an earlier supervisor has made it.
            if (instance is null || (isAttached && instance.VerifiedAt is null))
            {
                Post(() => Apply(new MachineEvent.StartRequested()));
                return;
            }

            var seen = await _parts.Engine.InspectAsync(spec, new InspectOptions { HealthTimeout = _parts.Options.ProbeTimeout }, _ended.Token).ConfigureAwait(false);
            if (seen.Verdict is InspectionVerdict.Dead or InspectionVerdict.NotRunning || instance.Exited.IsCompleted)
            {
                Post(() => Apply(new MachineEvent.StartRequested()));
                return;
            }

            if (seen.Verdict != InspectionVerdict.Running && _parts.Time.GetUtcNow() - instance.StartedAt < _parts.Options.StartTimeout)
            {
                // Its supervisor went away in the middle of its start. It gets the rest of its time before it is called unhealthy.
                var outcome = await _parts.Verification.RunAsync(
                    spec,
                    new StartOptions { Timeout = _parts.Options.StartTimeout - (_parts.Time.GetUtcNow() - instance.StartedAt) },
                    _ended.Token).ConfigureAwait(false);
                if (instance.Exited.IsCompleted)
                {
                    Post(() => Apply(new MachineEvent.StartRequested()));
                    return;
                }

                seen = seen with { Verdict = outcome.Report.Serves ? InspectionVerdict.Running : InspectionVerdict.Unhealthy };
            }

            Post(() => Adopt(spec, instance, seen));
        });
    }

    /// <summary>
    /// The living instance of a daemon: at its port or, where it was given a range, at the port of the range whose record has its name.
    /// </summary>
    private (DaemonSpec Spec, DaemonInstance? Instance) FindLiving(DaemonSpec spec)
    {
        if (spec.PortRangeEnd is not { } end)
        {
            return (spec, _parts.Engine.Attach(spec));
        }

        for (var port = spec.Port; port <= end; port++)
        {
            if (KnownDaemons.Record(_parts.Options.StateDirectory, port)?.Name == spec.Name)
            {
                var at = spec with { Port = port, PortRangeEnd = null };
                if (_parts.Engine.Attach(at) is { } instance)
                {
                    return (at, instance);
                }
            }
        }

        return (spec, null);
    }

    private void Adopt(DaemonSpec spec, DaemonInstance instance, DaemonInspection seen)
    {
        if (_state.Operation is not null || _state.Instance is not null)
        {
            // A person was faster. The start that was asked for finds the instance by itself.
            return;
        }

        _liveSpec = spec;
        _verifiedAt = _parts.Time.GetUtcNow();
        _report = new StartupReport
        {
            Name = spec.Name,
            Host = spec.Host,
            Port = spec.Port,
            Verdict = StartupVerdict.AlreadyRunning,
            Reason = StartupReason.AlreadyRunning,
            Detail = seen.Detail,
            Pid = instance.Pid,
            StartedAt = instance.StartedAt,
            VerifiedAt = _verifiedAt,
            OwnershipVerified = seen.OwnsPort == true,
            PidFile = seen.PidFile,
            LogFile = seen.LogFile,
        };
        _adopted = true;
        _launchIsRequested = true;
        var number = Keep(instance);
        Apply(new MachineEvent.AdoptedInstance(number, instance.RestartCount, seen.Verdict == InspectionVerdict.Running));
        Watch(number, instance);
    }

    private long Keep(DaemonInstance instance)
    {
        _instances[++_lastInstance] = instance;
        return _lastInstance;
    }

    // Only when the machine knows the instance: an exit that it hears of too early is an exit that it never hears of.
    private void Watch(long number, DaemonInstance instance) => instance.Exited.ContinueWith(
        exited => Post(() =>
        {
            if (IsAttached && _parts.Controller is { } launcher && _state.Instance == number && _state.State != DaemonState.Stopping)
            {
                AskWhyItEnded(launcher, number, instance, exited.Result);
            }
            else
            {
                OnExited(number, instance, exited.Result);
            }
        }),
        CancellationToken.None,
        TaskContinuationOptions.None,
        TaskScheduler.Default);

    private void OnExited(long number, DaemonInstance instance, ProcessExit exit)
    {
        _exitedPid = instance.Pid;
        if (IsAttached)
        {
            _parts.Engine.Forget(instance);
        }

        Apply(new MachineEvent.InstanceExited(number, exit));
    }

    /// <summary>A person may stop it with the launcher's own means. That is no failure, and must not be undone.</summary>
    private void AskWhyItEnded(IAttachedDaemonController launcher, long number, DaemonInstance instance, ProcessExit exit) => Run("an exit", async () =>
    {
        var known = AttachedExit.Unknown;
        try
        {
            known = await launcher.ExplainEndAsync(_spec.Name, _ended.Token).ConfigureAwait(false);
        }
        finally
        {
            Post(() =>
            {
                _launcherLogTail = known.LogTail;
                if (known.End != AttachedEnd.ByItself && _state.Instance == number && _state.State != DaemonState.Stopping)
                {
                    _stoppedByLauncher = true;
                    Apply(new MachineEvent.StopRequested());
                }

                OnExited(number, instance, exit.Signal is null && exit.ExitCode is null ? exit with { ExitCode = known.ExitCode } : exit);
                if (known.End == AttachedEnd.Replaced)
                {
                    OnLaunchedUnasked();
                }
            });
        }
    });

    /// <summary>What a person launched is verified, and not asked for a second time.</summary>
    private void OnLaunchedUnasked()
    {
        if (_state.State is not (DaemonState.Starting or DaemonState.Running or DaemonState.Unhealthy))
        {
            _launchIsRequested = false;
            Apply(new MachineEvent.StartRequested());
        }
    }

    private void BeginStart(MachineAction.Start start)
    {
        var spec = _spec;

        // The first launch is the launcher's own affair, as is one that a person asked it for; only what comes after has to be asked for.
        var request = _launchIsRequested;
        _launchIsRequested = true;
        _liveSpec = spec;
        _starting = CancellationTokenSource.CreateLinkedTokenSource(_ended.Token);
        var cancellationToken = _starting.Token;
        var options = new StartOptions
        {
            Timeout = _parts.Options.StartTimeout,
            StopGracePeriod = _parts.Options.StopGracePeriod,
            Attempt = start.Attempt,
            RestartCount = start.Restarts,
            Force = start.Force,
            StageEntered = (stage, pid) => Post(() => OnStageEntered(start.Operation, stage, pid)),
        };
        Run("a start", async () =>
        {
            var outcome = await StartSafelyAsync(spec, options, request, cancellationToken).ConfigureAwait(false);
            Post(() => OnStartEnded(start.Operation, spec, outcome));
        });
    }

    private async Task<StartOutcome> StartSafelyAsync(DaemonSpec spec, StartOptions options, bool request, CancellationToken cancellationToken)
    {
        try
        {
            if (spec.Launch == LaunchMode.Attached)
            {
                // It costs nothing but waiting, so it takes no slot from those that do.
                return await _parts.Verification.RunAsync(spec, options, cancellationToken, _parts.Controller, request).ConfigureAwait(false);
            }

            await _parts.StartSlots.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return await _parts.Engine.StartAsync(spec, options, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _parts.StartSlots.Release();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Failed(StartupReason.Cancelled, "the start was cancelled before it began");
        }
        catch (Exception e)
        {
            LogUnexpected(_parts.Logger, e, spec.Name, "a start");
            return Failed(StartupReason.LockUnavailable, e.Message);
        }

        StartOutcome Failed(StartupReason reason, string detail) => new(
            new StartupReport
            {
                Name = spec.Name,
                Host = spec.Host,
                Port = spec.Port,
                Verdict = StartupVerdict.Failed,
                Stage = StartupStage.Preflight,
                Reason = reason,
                Detail = detail,
                Attempt = options.Attempt,
            },
            null);
    }

    private void OnStageEntered(long operation, StartupStage stage, int? pid)
    {
        if (_state.Operation == operation)
        {
            _startingPid = pid ?? _startingPid;
            Apply(new MachineEvent.StageEntered(operation, stage));
        }
    }

    private void OnStartEnded(long operation, DaemonSpec spec, StartOutcome outcome)
    {
        if (_state.Operation != operation)
        {
            return;
        }

        _starting?.Dispose();
        _starting = null;
        var report = outcome.Report;
        if (report.Serves && outcome.Instance is null)
        {
            report = report with { Verdict = StartupVerdict.Failed, Reason = StartupReason.ExitedPrematurely, Detail = "it was there, and then it was gone" };
        }

        _report = report;
        if (outcome.Instance is not { } instance || !report.Serves)
        {
            Apply(new MachineEvent.StartEnded(operation, report, null));
            AnswerStart(operation, report);
            return;
        }

        // A port out of a range is from now on the port that is probed and stopped.
        _liveSpec = spec with { Port = report.Port, PortRangeEnd = null };
        _adopted = report.Verdict == StartupVerdict.AlreadyRunning;
        _verifiedAt = report.VerifiedAt ?? _parts.Time.GetUtcNow();
        _lastVerified = report.Verdict == StartupVerdict.Verified ? report : _lastVerified;
        var number = Keep(instance);
        Apply(new MachineEvent.StartEnded(operation, report, number));
        AnswerStart(operation, report);
        Watch(number, instance);
    }

    private void BeginStop(MachineAction.Stop stop)
    {
        var spec = _liveSpec;
        var instance = _state.Instance is { } number ? _instances.GetValueOrDefault(number) : null;
        var options = new StopOptions { GracePeriod = _parts.Options.StopGracePeriod, KillTimeout = KillTimeout };
        var request = !_stoppedByLauncher;
        _stoppedByLauncher = false;
        Run("a stop", async () =>
        {
            StopReport report;
            try
            {
                report = spec.Launch == LaunchMode.Attached
                    ? await StopAttachedAsync(spec, instance, request, _parts.OutOfTime.Token).ConfigureAwait(false)
                    : await _parts.Engine.StopAsync(spec, options, _parts.OutOfTime.Token).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                LogUnexpected(_parts.Logger, e, spec.Name, "a stop");
                report = new StopReport { Name = spec.Name, Port = spec.Port, Verdict = StopVerdict.Failed, Detail = e.Message };
            }

            Post(() =>
            {
                if (_state.Operation == stop.Operation)
                {
                    Apply(new MachineEvent.StopEnded(stop.Operation, report));
                    AnswerStop(report);
                }
            });
        });
    }

    private async Task<StopReport> StopAttachedAsync(DaemonSpec spec, DaemonInstance? instance, bool request, CancellationToken cancellationToken)
    {
        var began = _parts.Time.GetTimestamp();
        if (!request)
        {
            return Report(StopVerdict.Stopped, "stopped by whoever launched it, on request");
        }

        instance ??= _parts.Engine.Attach(spec);
        try
        {
            // Also where nothing is seen: a launch may be on its way.
            var asked = _parts.Controller!.RequestStopAsync(spec.Name, cancellationToken);
            if (instance is null)
            {
                await asked.ConfigureAwait(false);
                return Report(StopVerdict.NotRunning, null);
            }

            // Gone is gone, whatever the launcher says of it: one that was suspended is killed late, and its launcher may have given up.
            _ = asked.ContinueWith(static failed => failed.Exception, TaskContinuationOptions.OnlyOnFaulted);
            await Task.WhenAny(asked, instance.Exited).ConfigureAwait(false);
            try
            {
                await instance.Exited.WaitAsync(_parts.Options.StopGracePeriod + KillTimeout, _parts.Time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException) when (asked.IsFaulted)
            {
                await asked.ConfigureAwait(false);
            }

            return Report(StopVerdict.Stopped, "stopped by whoever launched it");
        }
        catch (Exception e) when (e is InvalidOperationException or TimeoutException or OperationCanceledException)
        {
            return Report(StopVerdict.Failed, e is TimeoutException ? $"PID {instance?.Pid} still lives although its launcher was asked to stop it" : e.Message);
        }

        StopReport Report(StopVerdict verdict, string? detail) => new()
        {
            Name = spec.Name,
            Port = spec.Port,
            Verdict = verdict,
            Pid = instance?.Pid,
            Detail = detail,
            TotalMs = _parts.Time.GetElapsedTime(began).TotalMilliseconds,
        };
    }

    private void BeginLook(MachineAction.Look look)
    {
        var spec = _spec;
        Run("a look", async () =>
        {
            var clear = false;
            try
            {
                clear = spec.Launch == LaunchMode.Attached && _parts.Controller is null
                    ? _parts.Engine.Attach(spec) is not null
                    : await AnyPortFreeAsync(spec).ConfigureAwait(false);
            }
            finally
            {
                Post(() => Apply(new MachineEvent.Looked(look.Operation, clear)));
            }
        });
    }

    private async Task<bool> AnyPortFreeAsync(DaemonSpec spec)
    {
        for (var port = spec.Port; port <= (spec.PortRangeEnd ?? spec.Port); port++)
        {
            var at = spec with { Port = port, PortRangeEnd = null };
            var seen = await _parts.Engine.InspectAsync(at, new InspectOptions { ProbeHealth = false }, _ended.Token).ConfigureAwait(false);

            // An instance of ours that a person has put there is a reason to try as well: the start finds it and takes it over.
            if (seen.Verdict is not (InspectionVerdict.Foreign or InspectionVerdict.Unknown))
            {
                return true;
            }
        }

        return false;
    }

    private void RepairFiles()
    {
        if (_state.Instance is { } number && _instances.GetValueOrDefault(number) is { } instance
            && _parts.Engine.RepairFiles(_liveSpec, instance) is { } done)
        {
            LogRepaired(_parts.Logger, done);
            _parts.Events.Add(FleetEventKind.Repaired, _snapshot, message: done);
        }
    }

    private void OnProbeTimer()
    {
        if (_probing || _state.Instance is not { } number || _state.State is not (DaemonState.Running or DaemonState.Unhealthy))
        {
            return;
        }

        _probing = true;
        var spec = _liveSpec;
        var pid = _instances[number].Pid;
        Run("a probe", async () =>
        {
            DaemonInspection? seen = null;
            string? failure = null;
            try
            {
                // The engine keeps its own limit; this one is for a file system that hangs under it.
                seen = await _parts.Engine.InspectAsync(spec, new InspectOptions { HealthTimeout = _parts.Options.ProbeTimeout }, _ended.Token)
                    .WaitAsync(_parts.Options.ProbeTimeout * 2, _parts.Time, _ended.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (!_ended.IsCancellationRequested)
            {
                failure = e is TimeoutException ? $"the inspection did not end within {(_parts.Options.ProbeTimeout * 2).TotalSeconds:0.###} s" : e.Message;
            }
            finally
            {
                Post(() => OnProbed(number, pid, seen, failure));
            }

            RotateLog(spec);
        });
    }

    // Somebody else's log is somebody else's to rotate.
    private void RotateLog(DaemonSpec spec)
    {
        if (spec.Launch == LaunchMode.Supervisor && _parts.Engine.RotateLog(spec) is { } done)
        {
            // A log that cannot be rotated says so with every probe; once is enough.
            if (Interlocked.Exchange(ref _lastRotation, done) != done)
            {
                LogRotated(_parts.Logger, done);
            }
        }
    }

    private void OnProbed(long number, int pid, DaemonInspection? seen, string? failure)
    {
        _probing = false;
        if (_state.Instance != number)
        {
            return;
        }

        var at = _parts.Time.GetUtcNow();
        if (seen is null)
        {
            _checks = [.. _checks.Select(c => c.Name == "health" ? new CheckResult("health", false, failure, at) : c)];
            Probed(new MachineEvent.Probed(number, null, null, Health: false, StartupReason.HealthUnreachable, failure));
            return;
        }

        if (seen.HealthMs is { } ms)
        {
            SupervisionTelemetry.HealthDuration.Record(
                ms / 1000,
                new KeyValuePair<string, object?>(AttributeNames.DaemonName, _spec.Name),
                new KeyValuePair<string, object?>(AttributeNames.HealthOutcome, seen.Healthy == true ? "healthy" : "unhealthy"));
        }

        if (seen.Pid is null)
        {
            if (_instances[number].Exited.IsCompleted)
            {
                // Gone: its exit says so, and better.
                return;
            }

            // Somebody took the files away under it. We saw it start and still have it by its handle, so the proof is written anew;
            // the next probe sees it again.
            RepairFiles();
        }

        var same = seen.Pid == pid;
        var pidFile = same ? seen.PidFileState == "ok" : (bool?)null;
        var healthy = same && seen.Healthy == true;
        _checks =
        [
            new("pid-file", pidFile, seen.PidFileState == "ok" ? $"names PID {seen.PidInFile}" : $"{seen.PidFileState}", at),
            new("port", seen.OwnsPort, seen.OwnsPort == true ? $"PID {pid} listens on {seen.Host}:{seen.Port}" : seen.Detail, at),
            new("health", seen.Healthy, seen.Healthy == true ? $"status {seen.HealthStatus} after {seen.HealthMs:0.#} ms" : seen.Detail, at),
        ];
        Probed(new MachineEvent.Probed(
            number, pidFile, same ? seen.OwnsPort : false, healthy, seen.Reason ?? (same ? null : StartupReason.PidMismatch), Why()));

        string? Why() => same ? seen.Detail
            : seen.Pid is null ? $"PID {pid} lives, but nothing proves any more that it is this daemon: {seen.Detail ?? "its lock and its files are gone"}"
            : $"the instance on the port is PID {seen.Pid}, not PID {pid}";
    }

    // Probes that find what the last one found are no event; only what is shown becomes newer.
    private void Probed(MachineEvent.Probed probed)
    {
        var degraded = _state.ProbeFailures;
        Apply(probed);
        if (_state.ProbeFailures != degraded && _state.State == DaemonState.Running)
        {
            _parts.Events.Add(
                FleetEventKind.StateChanged,
                _snapshot,
                message: _state.ProbeFailures == 0 ? "healthy again" : $"degraded: {_state.ProbeFailures} of {_settings.ProbeFailures} probes failed: {probed.Detail}");
        }
    }
}
