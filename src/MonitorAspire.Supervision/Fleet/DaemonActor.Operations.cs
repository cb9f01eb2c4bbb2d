using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>The operations that the state machine asks for, and what follows from their results.</summary>
internal sealed partial class DaemonActor
{
    private void BeginStart(MachineAction.Start start)
    {
        var spec = Spec;
        _starting = CancellationTokenSource.CreateLinkedTokenSource(_mailbox.Ending);
        var cancellationToken = _starting.Token;
        var options = new StartOptions
        {
            Timeout = _parts.Options.StartTimeout,
            StopGracePeriod = _parts.Options.StopGracePeriod,
            Attempt = start.Attempt,
            RestartCount = start.Restarts,
            Force = start.Force,
            StopOrphans = true,
            StageEntered = (stage, pid) => Post(() => OnStageEntered(start.Operation, stage, pid)),
        };
        _mailbox.Work("a start", async () =>
        {
            var outcome = await StartAsync(spec, options, cancellationToken).ConfigureAwait(false);
            Post(() => OnStartEnded(start.Operation, spec, outcome));
        });
    }

    private async Task<StartOutcome> StartAsync(DaemonSpec spec, StartOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await _launcher.StartAsync(spec, options, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            var cancelled = e is OperationCanceledException && cancellationToken.IsCancellationRequested;
            var report = new StartupReport
            {
                Name = spec.Name,
                Host = spec.Host,
                Port = spec.Port,
                Verdict = StartupVerdict.Failed,
                Stage = StartupStage.Preflight,
                Reason = cancelled ? StartupReason.Cancelled : StartupReason.LockUnavailable,
                Detail = cancelled ? "the start was cancelled before it began" : e.Message,
                IsPassing = !cancelled && DescriptorLimit.IsReachedBy(e),
                Attempt = options.Attempt,
            };
            if (!cancelled)
            {
                LogUnexpected(_parts.Logger, e, spec.Name, "a start");
            }

            return new StartOutcome(report, null);
        }
    }

    private void OnStageEntered(long operation, StartupStage stage, int? pid)
    {
        if (_state.Operation == operation)
        {
            _facts = _facts with { StartingPid = pid ?? _facts.StartingPid };
            Apply(new MachineEvent.StageEntered(operation, stage));
        }
    }

    private void OnStartEnded(long operation, DaemonSpec spec, StartOutcome outcome)
    {
        if (_state.Operation != operation)
        {
            return;
        }

        var isGivenUp = _starting is { IsCancellationRequested: true };
        _starting?.Dispose();
        _starting = null;
        var report = outcome.Report;
        if (report is { Verdict: StartupVerdict.Failed, Reason: StartupReason.Cancelled } && !isGivenUp)
        {
            StopForPerson();
        }

        long? number = null;
        if (report.Serves && outcome.Instance is not null)
        {
            var adopted = report.Verdict == StartupVerdict.AlreadyRunning;
            number = Keep(outcome.Instance, spec with { Port = report.Port, PortRangeEnd = null }, report.VerifiedAt, adopted);
            _facts = _facts with
            {
                LastVerifiedStart = adopted ? _facts.LastVerifiedStart : report,
                Checks = DaemonChecks.Of(report, _facts.Instance!.VerifiedAt),
            };
        }
        else if (report.Serves)
        {
            report = report with { Verdict = StartupVerdict.Failed, Reason = StartupReason.ExitedPrematurely, Detail = "it ended right after it was verified" };
        }

        var isRolledBack = EndTrial(ref report);
        _facts = _facts with { LastStart = report };
        Apply(new MachineEvent.StartEnded(operation, report, number));
        _answers.AnswerStarts(operation, report);
        if (isRolledBack && _state.State is not DaemonState.Starting)
        {
            Apply(new MachineEvent.StartRequested());
        }

        if (number is { } started)
        {
            _ = WatchExitAsync(started, outcome.Instance!);
        }
    }

    // The old definition takes its place before the machine hears of the failure: the next start is already that of the old one.
    private bool EndTrial(ref StartupReport report)
    {
        if (_trial is not { } trial)
        {
            return false;
        }

        _trial = null;
        if (report.Serves || report.Reason == StartupReason.Cancelled || _state.State == DaemonState.Stopping)
        {
            return false;
        }

        report = report with { Detail = $"the changed definition did not start: {report.Detail}; the old definition is started again" };
        LogRolledBack(_parts.Logger, Spec.Name, report.Detail);
        Rejected = trial.IsRemembered ? Spec : null;
        trial.RollbackEnded = new TaskCompletionSource<StartupReport>(_parts.Continuations);
        _answers.AddStart(trial.RollbackEnded, _state.LastOperation + 1);
        _settings = SettingsOf(trial.Old);
        WatchChanges(trial.Old);
        _facts = _facts with { Spec = trial.Old, InstanceSpec = trial.Old };
        return true;
    }

    private void BeginAdoption(bool isStarted)
    {
        var spec = Spec;
        var adopting = CancellationTokenSource.CreateLinkedTokenSource(_mailbox.Ending);
        (_adopting, _startsAfterAdoption) = (adopting, isStarted);
        _mailbox.Work("an adoption", async () =>
        {
            AdoptableInstance? found = null;
            try
            {
                found = await new Adoption(_parts, _launcher).FindAsync(spec, adopting.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (!_mailbox.Ending.IsCancellationRequested)
            {
                // The start that follows finds a living instance by itself.
                if (!adopting.IsCancellationRequested)
                {
                    LogUnexpected(_parts.Logger, e, spec.Name, "an adoption");
                }
            }

            Post(() => Adopt(found));
        });
    }

    private void Adopt(AdoptableInstance? found)
    {
        _adopting?.Dispose();
        _adopting = null;
        if (_state.LastOperation > 0)
        {
            // A person has asked for a start or a stop meanwhile. A start finds the instance by itself; a stop has ended it.
            _parts.OwnTrouble.Report(Spec.Name, trouble: null);
            return;
        }

        if (found is null)
        {
            if (_startsAfterAdoption)
            {
                Apply(new MachineEvent.StartRequested());
            }
            else if (OwnsProcess && _parts.Stops.Has(Spec.Name))
            {
                // The supervisor before this one may have died during that stop. Other processes than the main one may live.
                Apply(new MachineEvent.StopRequested());
            }

            return;
        }

        _parts.Stops.Set(Spec.Name, isStopped: false);
        var number = Keep(found.Instance, found.Spec, verifiedAt: null, adopted: true);
        _facts = _facts with { LastStart = null, Checks = DaemonChecks.Of(found.Seen, found.Instance.Pid, _parts.Time.GetUtcNow()) };
        _launcher.ExpectLaunch(byOthers: false);
        Apply(new MachineEvent.AdoptedInstance(number, found.Instance.RestartCount, found.IsHealthy, found.Seen.Reason, found.Seen.Detail));
        if (_state.State == DaemonState.Running)
        {
            // A start that waited for other daemons is not needed any more.
            _answers.AnswerStarts(_state.LastOperation + 1, AlreadyRunning());
        }
        else
        {
            _answers.FailStarts(NotHealthy());
        }

        _ = WatchExitAsync(number, found.Instance);
    }

    private long Keep(DaemonInstance process, DaemonSpec spec, DateTimeOffset? verifiedAt, bool adopted)
    {
        _facts = _facts with
        {
            InstanceSpec = spec,
            Instance = new VerifiedInstance(++_lastInstance, process, verifiedAt ?? _parts.Time.GetUtcNow(), adopted),
        };
        _probes.ProbeOftenAtFirst();

        // The process has the values that its environment files have now. They stay hidden when the files change.
        _ = Secrets.Of(spec);
        return _lastInstance;
    }

    // Called after the machine knows the instance: it ignores the exit of an instance that it does not know.
    private async Task WatchExitAsync(long number, DaemonInstance instance)
    {
        var exit = await instance.Exited.ConfigureAwait(false);
        Post(() => OnProcessEnded(number, instance, exit));
    }

    private void OnProcessEnded(long number, DaemonInstance instance, ProcessExit exit)
    {
        if (_state.Instance != number || _state.State == DaemonState.Stopping)
        {
            OnExitExplained(number, instance, exit, AttachedExit.Unknown);
            return;
        }

        var spec = _facts.InstanceSpec;
        _mailbox.Work("an exit", async () =>
        {
            var known = AttachedExit.Unknown;
            DaemonInstance? next = null;
            try
            {
                next = Successor.Find(_parts.Engine, spec, instance, exit);
                known = await _launcher.ExplainExitAsync(Spec.Name, _mailbox.Ending).ConfigureAwait(false);
            }
            finally
            {
                Post(() =>
                {
                    if (next is null)
                    {
                        OnExitExplained(number, instance, exit, known);
                    }
                    else
                    {
                        Follow(number, instance, next);
                    }
                });
            }
        });
    }

    // The number stays: for the state machine it is the same instance.
    private void Follow(long number, DaemonInstance ended, DaemonInstance next)
    {
        if (_state.Instance == number)
        {
            _facts = _facts with { Instance = _facts.Instance! with { Process = next } };
            _snapshot = NewSnapshot();
            var done = $"{Spec.Name}: PID {ended.Pid} handed over to PID {next.Pid}, which serves now; nothing was restarted";
            LogHandedOver(_parts.Logger, done);
            _parts.Events.Add(FleetEventKind.Repaired, _snapshot, message: done);
        }

        _ = WatchExitAsync(number, next);
    }

    private void OnExitExplained(long number, DaemonInstance instance, ProcessExit exit, AttachedExit known)
    {
        if (known.End != AttachedEnd.ByItself && _state.Instance == number && _state.State != DaemonState.Stopping)
        {
            StopForPerson();
        }

        _launcher.ForgetFiles(instance);
        var code = exit.Signal is null && exit.ExitCode is null ? exit with { ExitCode = known.ExitCode } : exit;
        Apply(new MachineEvent.InstanceExited(number, code), known.LogTail);
        if (known.End == AttachedEnd.Replaced)
        {
            OnLaunchedByOthers();
        }
    }

    // A person has stopped it with the launcher's own means. That is not a failure, and no restart undoes it, also none of the next supervisor.
    private void StopForPerson()
    {
        _isStopRequested &= _state is { State: DaemonState.Stopping, Wanted: false };
        _parts.Stops.Set(Spec.Name, isStopped: true);
        Apply(new MachineEvent.StopRequested());
    }

    private void OnLaunchedByOthers()
    {
        if (_launcher.HasStoppedLaunch(Spec.Name))
        {
            // The report of the launch has come after the end of the process.
            return;
        }

        if (_state is { State: DaemonState.Stopping, Wanted: false } && _isStopRequested)
        {
            // The report may be about the process that is being stopped. What the launcher launches during a stop that was asked for is stopped as well.
            _stopsAgain = true;
            return;
        }

        _parts.Stops.Set(Spec.Name, isStopped: false);
        if (!_isBegun || IsAdopting)
        {
            // The instance may be one that an earlier supervisor has verified. It is adopted with its restarts.
            _launcher.ExpectLaunch(byOthers: true);
            _startsAfterAdoption = true;
            return;
        }

        if (_state.State is not (DaemonState.Starting or DaemonState.Running or DaemonState.Unhealthy))
        {
            _launcher.ExpectLaunch(byOthers: true);
            Apply(new MachineEvent.StartRequested());
        }
    }

    private void OnLaunchedLate()
    {
        if (_state.Wanted)
        {
            OnLaunchedByOthers();
        }
        else if (_state.State == DaemonState.Stopped)
        {
            // The stop came before the launch, and found nothing to stop.
            Apply(new MachineEvent.StopRequested());
        }
        else
        {
            _stopsAgain = _state.State == DaemonState.Stopping;
        }
    }

    // Known before the end of the process: a daemon that closes its port and then finishes its work is not to be restarted for that.
    private void OnStoppedByOthers()
    {
        if (_state.State is DaemonState.Starting or DaemonState.Running or DaemonState.Unhealthy)
        {
            _launcher.ExpectStop();
            StopForPerson();
        }
        else if (_state.State != DaemonState.Stopped)
        {
            // What was to follow the stop, or the back-off, does not follow it any more.
            StopForPerson();
        }
    }

    private void BeginStop(MachineAction.Stop stop)
    {
        var (spec, instance) = (_facts.InstanceSpec, _facts.Process(_state.Instance));
        var options = new StopOptions { GracePeriod = _parts.Options.StopGracePeriod };
        _mailbox.Work("a stop", async () =>
        {
            StopReport report;
            try
            {
                report = await _launcher.StopAsync(spec, instance, options, _parts.OutOfTime.Token).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                LogUnexpected(_parts.Logger, e, spec.Name, "a stop");
                report = new StopReport { Name = spec.Name, Port = spec.Port, Verdict = StopVerdict.Failed, Detail = e.Message };
            }

            Post(() => OnStopEnded(stop.Operation, report));
        });
    }

    private void OnStopEnded(long operation, StopReport report)
    {
        if (_state.Operation != operation)
        {
            return;
        }

        _publisher.PublishStop(report, _snapshot);
        Apply(new MachineEvent.StopEnded(operation, report));
        if (_stopsAgain && !_state.Wanted)
        {
            // The launcher launched it during the stop, on a request before that.
            Apply(new MachineEvent.StopRequested());
        }

        _stopsAgain = false;
        _answers.AnswerStops(report);
        if (report.Verdict is StopVerdict.Failed or StopVerdict.PermissionDenied)
        {
            _answers.FailStarts(new FleetConflictException($"'{Spec.Name}' could not be stopped, so it was not started: {report.Detail}"));
            if (EndHold())
            {
                // The change is given up. The daemon is still to run, so it is started as it was when the stop succeeds at last.
                Apply(new MachineEvent.StartRequested());
            }
        }
    }

    private void BeginLook(MachineAction.Look look)
    {
        var spec = Spec;
        _mailbox.Work("a look at the port", async () =>
        {
            var canStart = false;
            try
            {
                canStart = await _launcher.CanStartAsync(spec, _mailbox.Ending).ConfigureAwait(false);
            }
            finally
            {
                Post(() => Apply(new MachineEvent.Looked(look.Operation, canStart)));
            }
        });
    }

    private void RepairFiles()
    {
        if (_facts.Process(_state.Instance) is { } instance && _parts.Engine.RepairFiles(_facts.InstanceSpec, instance) is { } done)
        {
            LogRepaired(_parts.Logger, done);
            _parts.Events.Add(FleetEventKind.Repaired, _snapshot, message: done);
        }
    }

    private void OnProbeDue()
    {
        if (_state.State is not (DaemonState.Running or DaemonState.Unhealthy) || _facts.Process(_state.Instance) is not { } instance || !_probes.TryBegin())
        {
            return;
        }

        var (number, spec) = (_state.Instance!.Value, _facts.InstanceSpec);
        _mailbox.WorkHere("a probe", async () =>
        {
            var probe = await DaemonProbe.RunAsync(_parts, spec, instance, _mailbox.Ending).ConfigureAwait(false);
            _mailbox.PostHere(() => OnProbed(number, instance, probe));
            RotateLog(spec);
        });
    }

    private void OnProbed(long number, DaemonInstance instance, DaemonProbe probe)
    {
        _probes.End();
        _parts.OwnTrouble.Report(Spec.Name, probe.Trouble);
        if (probe.Trouble is not null)
        {
            return;
        }

        if (_state.Instance != number || (probe.Seen is { } seen && seen.Pid != instance.Pid && instance.Exited.IsCompleted))
        {
            // Its exit is on its way, and says more than a failed probe.
            return;
        }

        if (probe.FoundNothing)
        {
            // The files of a process that this supervisor still knows were removed. They are written again; the next probe finds them.
            RepairFiles();
        }

        _facts = _facts with { Checks = probe.Checks(_facts.Checks, instance.Pid, _parts.Time.GetUtcNow()) };
        Apply(probe.ToEvent(number, instance.Pid));
    }

    private void RotateLog(DaemonSpec spec)
    {
        // The message of a log that cannot be rotated comes with every probe. It is logged once.
        if (_launcher.RotateLog(spec) is { } done && Interlocked.Exchange(ref _lastRotation, done) != done)
        {
            LogRotated(_parts.Logger, done);
        }
    }

    [LoggerMessage(105, LogLevel.Warning, "{Repair}")]
    private static partial void LogRepaired(ILogger logger, string repair);

    [LoggerMessage(109, LogLevel.Information, "{HandOver}")]
    private static partial void LogHandedOver(ILogger logger, string handOver);

    [LoggerMessage(106, LogLevel.Information, "{Rotation}")]
    private static partial void LogRotated(ILogger logger, string rotation);

    [LoggerMessage(112, LogLevel.Error, "{Daemon}: rolled back: {Problem}")]
    private static partial void LogRolledBack(ILogger logger, string daemon, string problem);

    [LoggerMessage(130, LogLevel.Error, "{Daemon}: {Operation} failed unexpectedly")]
    private static partial void LogUnexpected(ILogger logger, Exception exception, string daemon, string operation);
}
