using MonitorAspire.Simulation.World;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Simulation.Engine;

internal sealed partial class SimulatedEngine
{
    /// <summary>One verified start: the stages of the real one.</summary>
    private sealed class Start(SimulatedEngine engine, DaemonSpec spec, StartOptions options)
    {
        private readonly SimulatedSystem _system = engine._system;
        private readonly TimeSpan _deadline = engine._system.Scheduler.Now + options.Timeout;
        private readonly TimeSpan _begun = engine._system.Scheduler.Now;
        private readonly DateTimeOffset _startedAt = engine._system.Scheduler.GetUtcNow();
        private StartupStage _stage;
        private SimulatedProcess? _process;
        private bool _hasLock;

        private SimulatedFiles Files => _system.Files(spec.Port);

        public async Task<StartOutcome> RunAsync(CancellationToken cancellationToken)
        {
            try
            {
                Enter(StartupStage.Preflight);
                if (await PreflightAsync(cancellationToken).ConfigureAwait(false) is { } serving)
                {
                    return new StartOutcome(Report(StartupVerdict.AlreadyRunning) with { Reason = StartupReason.AlreadyRunning, Pid = serving }, engine.Attach(spec));
                }

                Enter(StartupStage.Spawn);
                await SpawnAsync(cancellationToken).ConfigureAwait(false);
                await WaitAsync(StartupStage.PidFile, StartupReason.PidFileMissing, () => Task.FromResult(Files.PidInFile == _process!.Pid), cancellationToken).ConfigureAwait(false);
                await WaitAsync(StartupStage.PortBound, StartupReason.PortNotBound, () => Task.FromResult(_process!.ListensOn == spec.Port), cancellationToken).ConfigureAwait(false);
                await WaitAsync(StartupStage.Health, StartupReason.HealthUnreachable, () => IsHealthyAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
                return Verified();
            }
            catch (StartupFailedException e)
            {
                return await FailedAsync(e).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return await FailedAsync(new StartupFailedException(StartupReason.Cancelled, "the start was cancelled")).ConfigureAwait(false);
            }
            catch (IOException e)
            {
                return await FailedAsync(new StartupFailedException(StartupReason.LockUnavailable, e.Message) { IsPassing = true }).ConfigureAwait(false);
            }
        }

        private void Enter(StartupStage stage)
        {
            _stage = stage;
            options.StageEntered?.Invoke(stage, _process?.Pid);
        }

        /// <summary>Takes lock and port, or returns the PID of an instance of ours that serves already.</summary>
        private async Task<int?> PreflightAsync(CancellationToken cancellationToken)
        {
            TimeSpan? unhealthySince = null;
            var replaced = false;
            while (true)
            {
                await engine.PauseAsync(cancellationToken).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                var located = engine.Locate(spec.Port);
                if (!_system.IsLocked(spec.Port) && located.Kind != LocatedKind.Instance)
                {
                    Files.LauncherWithLock = engine;
                    _hasLock = true;
                    Files.PidFile = null;
                    if (_system.MissingCommands.Contains(spec.Port))
                    {
                        throw new StartupFailedException(StartupReason.CommandNotFound, "no such command");
                    }

                    return _system.IsPortTaken(spec.Port)
                        ? throw new StartupFailedException(StartupReason.PortInUse, $"port {spec.Port} is in use")
                        : null;
                }

                if (options.Force && !replaced)
                {
                    var stop = await engine.StopProvenAsync(spec, new StopOptions { GracePeriod = options.StopGracePeriod }, cancellationToken).ConfigureAwait(false);
                    replaced = stop.Verdict is StopVerdict.Stopped;
                    if (stop.Verdict is not (StopVerdict.Stopped or StopVerdict.NotRunning))
                    {
                        throw new StartupFailedException(StartupReason.LockUnavailable, stop.Detail ?? "could not be stopped");
                    }

                    continue;
                }

                var seen = await engine.InspectAsync(spec, new InspectOptions { HealthTimeout = (_deadline - _system.Scheduler.Now) / 3 }, cancellationToken).ConfigureAwait(false);
                if (seen.Verdict == InspectionVerdict.Running)
                {
                    return seen.Pid;
                }

                unhealthySince = seen.Verdict == InspectionVerdict.Unhealthy ? unhealthySince ?? _system.Scheduler.Now : null;
                if (_system.Scheduler.Now - unhealthySince >= UnhealthyToBelieve || _system.Scheduler.Now >= _deadline)
                {
                    throw new StartupFailedException(located.Kind == LocatedKind.Instance ? StartupReason.AlreadyRunning : StartupReason.LockUnavailable, "the lock is held");
                }

                await engine.DelayAsync(TimeSpan.FromMilliseconds(50), cancellationToken).ConfigureAwait(false);
            }
        }

        private async Task SpawnAsync(CancellationToken cancellationToken)
        {
            RequireDisk();
            var id = $"{spec.Port}-{++engine._lastId}-{_system.Choices.Next():x}";
            Files.Record = new SimulatedRecord(null, id, options.RestartCount, _startedAt, null, engine);
            await engine.PauseAsync(cancellationToken).ConfigureAwait(false);

            _process = _system.Spawn(null, spec.Port, isRoot: true, id);
            new SimulatedProgram(_system, _process).Run(endsAtOnce: IsBroken(spec));

            // From the spawn on, every way out stops the process, unless the supervisor dies right here.
            await engine.PauseAsync(default).ConfigureAwait(false);
            RequireDisk();
            Files.Record = new SimulatedRecord(_process.Identity, id, options.RestartCount, _startedAt, null, engine);
            await engine.PauseAsync(default).ConfigureAwait(false);
            RequireDisk();
            Files.PidFile = Text(_process.Pid);
        }

        private async Task WaitAsync(StartupStage stage, StartupReason reason, Func<Task<bool>> passes, CancellationToken cancellationToken)
        {
            Enter(stage);
            for (var delay = TimeSpan.FromMilliseconds(2); ; delay = delay < TimeSpan.FromMilliseconds(400) ? delay * 1.5 : delay)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (_process!.Exit is { } exit)
                {
                    throw new StartupFailedException(StartupReason.ExitedPrematurely, $"it ended with {exit}") { ExitCode = exit.ExitCode, Signal = exit.Signal };
                }

                if (await passes().ConfigureAwait(false))
                {
                    return;
                }

                if (_system.Scheduler.Now >= _deadline)
                {
                    throw new StartupFailedException(reason, "the time is up");
                }

                await engine.DelayAsync(Earlier(delay, _deadline - _system.Scheduler.Now), cancellationToken, _process).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        private async Task<bool> IsHealthyAsync(CancellationToken cancellationToken) =>
            await engine.AskHealthAsync(_process!, Earlier(TimeSpan.FromSeconds(2), _deadline - _system.Scheduler.Now), cancellationToken).ConfigureAwait(false) is null;

        private StartOutcome Verified()
        {
            var verifiedAt = _system.Scheduler.GetUtcNow();
            RequireDisk();
            Files.Record = new SimulatedRecord(_process!.Identity, _process.InstanceId!, options.RestartCount, _startedAt, verifiedAt, engine);
            engine.Release(spec.Port);
            _process.VerifiedAt = _system.Scheduler.Now;
            _process.WasDown = !_process.ServesSurely;
            return new StartOutcome(
                Report(StartupVerdict.Verified) with { Pid = _process.Pid, VerifiedAt = verifiedAt, OwnershipVerified = true },
                engine.HandleOf(_process, spec.Port, options.RestartCount, _startedAt, verifiedAt, isChild: true));
        }

        private async Task<StartOutcome> FailedAsync(StartupFailedException failure)
        {
            if (_process is not null)
            {
                var located = new Located(LocatedKind.Instance, _process, _process.InstanceId);
                await engine.StopTreeAsync(spec, located, options.StopGracePeriod, TimeSpan.FromSeconds(5), isCleanUp: true, default).ConfigureAwait(false);
                Files.PidFile = null;
            }

            if (_hasLock)
            {
                if (_process is null || engine.MembersOf(spec.Port, new Located(LocatedKind.Instance, _process, _process.InstanceId)).Count == 0)
                {
                    Files.Record = null;
                }

                engine.Release(spec.Port);
            }

            return new StartOutcome(
                Report(StartupVerdict.Failed) with { Stage = _stage, Reason = failure.Reason, IsPassing = failure.IsPassing, Detail = failure.Message, Pid = _process?.Pid, ExitCode = failure.ExitCode, Signal = failure.Signal },
                null);
        }

        private void RequireDisk()
        {
            engine.RequireLife();
            if (_system.IsDiskFull)
            {
                throw new IOException("no space left on device");
            }
        }

        private StartupReport Report(StartupVerdict verdict) => new()
        {
            Name = spec.Name,
            Host = spec.Host,
            Port = spec.Port,
            Verdict = verdict,
            Attempt = options.Attempt,
            TotalMs = (_system.Scheduler.Now - _begun).TotalMilliseconds,
            Stages = [new StageTiming(StartupStage.Preflight, 1)],
        };
    }
}
