using CsCheck;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Tests.Restarts;

/// <summary>
/// Random events in random order. A simulated daemon carries out the actions of the machine with random results, ends processes, fails
/// probes, and checks the rules after every event.
/// </summary>
public class DaemonMachineProperties
{
    private static readonly Gen<(int What, int Detail, double Random)[]> Histories =
        Gen.Select(Gen.Int[0, 99], Gen.Int[0, 9999], Gen.Double[0, 0.999999]).Array[0, 120];

    private static readonly Gen<MachineSettings> Settings =
        from mode in Gen.Enum<RestartMode>()
        from canAct in Gen.Frequency((4, Gen.Const(true)), (1, Gen.Const(false)))
        from budget in Gen.Int[1, 6]
        from jitter in Gen.Double[0, 0.5]
        select new MachineSettings { CanAct = canAct, Restart = new RestartPolicy { Mode = mode, Budget = budget, Jitter = jitter } };

    [Fact]
    public void AnyHistory_OfAnyDaemon_KeepsTheRules() =>
        Gen.Select(Settings, Histories).Sample((settings, history) =>
        {
            var daemon = new SimulatedDaemon(settings);
            foreach (var (what, detail, random) in history)
            {
                daemon.Step(what, detail, random);
            }

            daemon.Settle();
        });

    private sealed class SimulatedDaemon(MachineSettings settings)
    {
        private static readonly StartupReason[] Reasons = Enum.GetValues<StartupReason>();

        private readonly Queue<MachineEvent> _late = new();
        private readonly HashSet<AlertKind> _alerts = [];
        private readonly List<TimeSpan> _failures = [];
        private MachineState _state = MachineState.Initial;
        private TimeSpan _now;
        private MachineAction? _pending;
        private bool _cancelled;
        private long? _alive;
        private long _instances;
        private bool _wanted;

        public void Step(int what, int detail, double random)
        {
            switch (what)
            {
                case < 8:
                    Request(new MachineEvent.StartRequested(), wanted: true, random);
                    break;
                case < 14:
                    Request(new MachineEvent.StopRequested(), wanted: false, random);
                    break;
                case < 20:
                    Request(new MachineEvent.RestartRequested(), wanted: true, random);
                    break;
                case < 22:
                    Send(new MachineEvent.CrashLoopReset(), random);
                    break;
                case < 25:
                    Send(new MachineEvent.ConfigurationChanged(), random);
                    break;
                case < 28 when _late.TryDequeue(out var late):
                    Send(late, random);
                    break;
                case < 55:
                    Complete(detail, random);
                    break;
                case < 65 when _alive is { } dying:
                    // The exit may be reported before or after the end of the operation that is under way.
                    _alive = null;
                    var exited = new MachineEvent.InstanceExited(dying, new ProcessExit(detail % 2, null));
                    if (_state.State is DaemonState.Running or DaemonState.Unhealthy)
                    {
                        CountFailure();
                    }

                    Send(exited, random);
                    _late.Enqueue(exited);
                    break;
                case < 80 when _alive is { } probed:
                    Send(new MachineEvent.Probed(probed, detail % 3 > 0, detail % 5 > 0, detail % 7 > 3), random);
                    break;
                default:
                    Pass(TimeSpan.FromMilliseconds(detail * (what % 5 + 1)), random);
                    break;
            }
        }

        /// <summary>From now on everything succeeds: every state leads to Running, and all alerts end.</summary>
        public void Settle()
        {
            Request(new MachineEvent.StartRequested(), wanted: true, 0.5);
            for (var i = 0; i < 400 && !(_state.State == DaemonState.Running && _state.Alerts.IsEmpty); i++)
            {
                CompleteWell(0.5);
                if (_alive is { } instance)
                {
                    Send(new MachineEvent.Probed(instance, true, true, true), 0.5);
                }

                Pass(TimeSpan.FromSeconds(1), 0.5);
            }

            Assert.Equal(DaemonState.Running, _state.State);
            Assert.Empty(_state.Alerts);
            Assert.Empty(_alerts);
            Pass(TimeSpan.FromSeconds(61), 0.5);
            Assert.Equal(0, _state.ConsecutiveFailures);
        }

        private void Request(MachineEvent request, bool wanted, double random)
        {
            _wanted = wanted;
            Send(request, random);
        }

        private void Complete(int detail, double random)
        {
            switch (_pending)
            {
                case MachineAction.Start start:
                    if (_cancelled ? detail % 4 == 0 : detail % 3 > 0)
                    {
                        CompleteWell(random);
                        return;
                    }

                    var reason = _cancelled ? StartupReason.Cancelled : Reasons[detail % Reasons.Length];
                    if (!_cancelled && reason != StartupReason.Cancelled)
                    {
                        CountFailedStart(reason);
                    }

                    if (reason == StartupReason.Cancelled && !_cancelled)
                    {
                        _wanted = false;
                    }

                    _pending = null;
                    Send(Remember(new MachineEvent.StartEnded(start.Operation, Reports.Failed(reason), null)), random);
                    break;
                case MachineAction.Stop stop when detail % 5 == 0 && _alive is not null:
                    _pending = null;
                    Send(Remember(new MachineEvent.StopEnded(stop.Operation, Reports.Stopped(StopVerdict.Failed))), random);
                    break;
                case MachineAction.Look look when detail % 2 == 0:
                    _pending = null;
                    Send(Remember(new MachineEvent.Looked(look.Operation, CanStart: false)), random);
                    break;
                default:
                    CompleteWell(random);
                    break;
            }
        }

        private void CompleteWell(double random)
        {
            var pending = _pending;
            _pending = null;
            switch (pending)
            {
                case MachineAction.Start start:
                    Assert.Null(_alive);
                    _alive = ++_instances;
                    Send(Remember(new MachineEvent.StartEnded(start.Operation, Reports.Verified(), _alive)), random);
                    break;
                case MachineAction.Stop stop:
                    _alive = null;
                    Send(Remember(new MachineEvent.StopEnded(stop.Operation, Reports.Stopped(StopVerdict.Stopped))), random);
                    break;
                case MachineAction.Look look:
                    Send(Remember(new MachineEvent.Looked(look.Operation, CanStart: true)), random);
                    break;
            }
        }

        // Every result may come a second time, much later. It must have no effect then.
        private MachineEvent Remember(MachineEvent result)
        {
            _late.Enqueue(result);
            return result;
        }

        private void Pass(TimeSpan time, double random)
        {
            var end = _now + time;
            for (var i = 0; DaemonMachine.NextDue(_state, settings) is { } due && due <= end; i++)
            {
                Assert.True(i < 1000, "the timer never stops");
                _now = due > _now ? due : _now;
                var before = _state;
                Send(new MachineEvent.TimerDue(), random);
                Assert.NotEqual(before, _state);
            }

            _now = end;
        }

        private void Send(MachineEvent machineEvent, double random)
        {
            var before = _state;
            var transition = DaemonMachine.Apply(_state, machineEvent, settings, _now, random);
            var again = DaemonMachine.Apply(before, machineEvent, settings, _now, random);
            Assert.Equal(transition.State with { RecentFailures = [] }, again.State with { RecentFailures = [], Alerts = transition.State.Alerts });

            _state = transition.State;
            CheckState(before);
            foreach (var action in transition.Actions)
            {
                CarryOut(action, random);
            }
        }

        private void CarryOut(MachineAction action, double random)
        {
            switch (action)
            {
                case MachineAction.Start start:
                    // Here a second instance would begin.
                    Assert.Null(_alive);
                    Assert.True(_pending is null or MachineAction.Look, $"{start} while {_pending} is under way");
                    Assert.True(_wanted, "started although the last request was to stop");
                    _pending = start;
                    _cancelled = false;
                    break;
                case MachineAction.Stop stop:
                    Assert.True(_pending is null or MachineAction.Look, $"{stop} while {_pending} is under way");
                    Assert.True(settings.CanAct || !_wanted || _state.After == AfterStop.Start, "stopped what it may only watch");
                    _pending = stop;
                    break;
                case MachineAction.Look look:
                    Assert.Null(_pending);
                    _pending = look;
                    break;
                case MachineAction.CancelStart cancel:
                    Assert.Equal(cancel.Operation, Assert.IsType<MachineAction.Start>(_pending).Operation);
                    _cancelled = true;
                    break;
                case MachineAction.FireAlert alert:
                    Assert.True(_alerts.Add(alert.Kind), $"{alert.Kind} fired twice");
                    break;
                case MachineAction.ResolveAlert alert:
                    Assert.True(_alerts.Remove(alert.Kind), $"{alert.Kind} was resolved without having fired");
                    break;
                case MachineAction.Then then:
                    if (then.Event is MachineEvent.HealthGivenUp)
                    {
                        CountFailure();
                    }

                    Send(then.Event, random);
                    break;
            }
        }

        private void CheckState(MachineState before)
        {
            if (_state.State is DaemonState.Backoff or DaemonState.CrashLooping)
            {
                Assert.NotNull(_state.NextAttemptAt);
                Assert.InRange(_state.NextAttemptAt.Value - _now, TimeSpan.Zero, settings.Restart.MaxDelay);
                Assert.True(_state.Wanted);
            }

            if (_state.State is DaemonState.Running or DaemonState.Unhealthy)
            {
                Assert.NotNull(_state.Instance);
            }

            // Every state that is not final has something that ends it: an operation, a time or an event of the instance.
            if (_state.State is DaemonState.Starting or DaemonState.Stopping or DaemonState.Backoff or DaemonState.CrashLooping or DaemonState.Foreign)
            {
                Assert.True(_state.Operation is not null || _state.NextAttemptAt is not null, $"nothing will ever end {_state}");
            }

            if (_state.CrashLoop && !before.CrashLoop)
            {
                var counted = _failures.Count(at => at > _now - settings.Restart.BudgetWindow);
                Assert.True(counted >= settings.Restart.Budget, $"a crash loop after {counted} failures");
            }

            if (!_state.CrashLoop && settings.CanAct && settings.Restart.Mode != RestartMode.Never)
            {
                Assert.True(_state.RecentFailures.Count(at => at > _now - settings.Restart.BudgetWindow) < settings.Restart.Budget, "the budget is spent, and it is no crash loop");
            }
        }

        private void CountFailure() => _failures.Add(_now);

        private void CountFailedStart(StartupReason reason)
        {
            if (_state.State == DaemonState.Starting)
            {
                _ = reason;
                CountFailure();
            }
        }
    }
}
