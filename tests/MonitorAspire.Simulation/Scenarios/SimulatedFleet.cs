using System.Globalization;
using Microsoft.Extensions.Logging;
using MonitorAspire.Simulation.AppHost;
using MonitorAspire.Simulation.Engine;
using MonitorAspire.Simulation.Invariants;
using MonitorAspire.Simulation.World;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Simulation.Scenarios;

/// <summary>One life of a supervisor: the real fleet over the simulated engine, and the requests that wait for its answers.</summary>
#pragma warning disable CA1001 // The fleet disposes of its parts.
internal sealed class SimulatedFleet
#pragma warning restore CA1001
{
    private readonly SimulatedSystem _system;
    private readonly FleetInvariants _invariants;
    private readonly Action<string, string> _violate;
    private readonly FleetParts _parts;
    private readonly List<Request> _pending = [];
    private readonly Task _unwanted;
    private readonly SupervisorLink? _link;
    private Task _changing = Task.CompletedTask;
    private long _lastEvent;

    public SimulatedFleet(SimulatedSystem system, FleetInvariants invariants, FleetOptions options, IReadOnlyList<DaemonSpec> specs, IReadOnlyList<int> ports, ulong seed, Action<string, string> violate, StopMemory stops, SimulatedAppHost? appHost)
    {
        (_system, _invariants, _violate) = (system, invariants, violate);
        Specs = specs;
        Engine = new SimulatedEngine(system, invariants);
        _link = appHost is null ? null : new SupervisorLink(system.Scheduler, invariants.Attached!) { Knows = name => Fleet!.Find(name) is not null };
        _parts = new FleetParts(Engine, options, new ErrorLogger(this), system.Scheduler, _link, null, new Random((int)seed), system.Scheduler.Post) { Stops = stops };
        Fleet = new FleetSupervisor(_parts, specs);
        invariants.BeginSupervisor(specs);
        Watch(Fleet.BeginAsync(), "begin");
        _unwanted = StopUnwantedAsync([.. ports.Where(port => specs.All(s => s.Port != port) && appHost?.Has(port) != true)]);
        Watch(_unwanted, "stop of what the configuration does not name");
        appHost?.Serve(_link);
    }

    public FleetSupervisor Fleet { get; }

    public SimulatedEngine Engine { get; }

    public IReadOnlyList<DaemonSpec> Specs { get; private set; }

    /// <summary>Whether the last change was not carried out for all daemons, because one could not be stopped.</summary>
    public bool NeedsReload { get; private set; }

    public bool IsIdle => _pending.Count == 0;

    public bool IsChanging => !_changing.IsCompleted;

    public bool IsAsked(string name) => _pending.Exists(r => r.Name == name);

    public void Check()
    {
        ReadEvents();
        _invariants.Check(Fleet);
        foreach (var request in _pending)
        {
            if (_invariants.AgeOf(request.At) > _invariants.AnswerTime && !request.Touched.Any(IsWaitingForLaunch))
            {
                _violate("no-answer", $"{request} has no answer");
            }
        }
    }

    // Such a start is answered when its launcher has launched it.
    private bool IsWaitingForLaunch(string name) =>
        _invariants.Attached is { } attached && Specs.Any(s => s.Name == name && s.Launch == LaunchMode.Attached) && (attached.IsWaitingForLaunch(name) || _invariants.AgeOf(attached.HeardAt(name)) < _invariants.AnswerTime);

    public void Ask(FaultKind kind, string name)
    {
        if (Fleet.Find(name) is null)
        {
            return;
        }

        var request = new Request(kind, name, _system.Scheduler.Now, _invariants.OnRequest(name, kind), _invariants.TouchedBy(name, kind));
        _pending.Add(request);
        _invariants.OnRequestBegins(request.Touched);
        _system.Say($"ask {kind} {name}");
        Watch(AskAsync(request), request.ToString());
    }

    /// <summary>Applies another configuration. One that is asked for during a change is not: its caller would have to wait.</summary>
    public void Reload(IReadOnlyList<DaemonSpec> specs)
    {
        if (IsChanging)
        {
            return;
        }

        foreach (var spec in Specs)
        {
            var difference = specs.FirstOrDefault(s => s.Name == spec.Name) is { } next ? SpecComparison.Compare(spec, next) : SpecDifference.Restart;

            // Any change of a definition that was rolled back is a reason to try it again.
            if (spec.Launch != LaunchMode.Attached && (NeedsReload || difference == SpecDifference.Restart || (difference == SpecDifference.Update && _invariants[spec.Name].Rejected is not null)))
            {
                _invariants.OnReload(spec.Name);
            }
        }

        _invariants.Configure(specs);

        // A daemon that is added begins, even where one of its name was stopped before it was removed.
        foreach (var added in specs.Where(s => Specs.All(old => old.Name != s.Name)))
        {
            if (added.AutoStart)
            {
                _invariants.OnAdded(added.Name);
            }

            (_invariants[added.Name].Restarts, _invariants[added.Name].ShownSince) = (0, _system.Scheduler.Now);
        }

        var before = Specs;
        Specs = specs;
        // A daemon that waits for its next try is tried at once when anything about it changes.
        var changed = Specs.Where(s => before.Any(old => old.Name == s.Name && SpecComparison.Compare(old, s) != SpecDifference.None)).Select(s => s.Name).ToList();

        // A daemon that is added starts what it depends on, as a request does.
        changed.AddRange(Specs.Where(s => s.AutoStart && before.All(old => old.Name != s.Name)).SelectMany(s => _invariants.TouchedBy(s.Name, FaultKind.AskStart)));
        var request = new Request(FaultKind.Reload, "", _system.Scheduler.Now, 0, changed);
        _invariants.OnRequestBegins(changed);
        _pending.Add(request);
        _system.Say($"reload {string.Join(", ", specs.Select(s => $"{s.Name} on {s.Port}"))}");
        _invariants.OnReloadBegins();
        _changing = ReloadAsync(specs, request);
        Watch(_changing, "reload");
    }

    /// <summary>Dies without a word. Its daemons live on.</summary>
    public void Crash(IEnumerable<int> ports)
    {
        Engine.Crash(ports);
        _link?.Close();
        _parts.Stops.Close();
        _pending.Clear();

        // What is under way ends with errors that touch nothing. Only the memory is freed.
        _parts.Options = _parts.Options with { StopDaemonsOnShutdown = false };
        _ = ForgetAsync();
    }

    /// <summary>Ends in order, and stops the daemons or leaves them.</summary>
    public Task EndAsync(bool stops)
    {
        _parts.Options = _parts.Options with { StopDaemonsOnShutdown = stops };
        _invariants.EndSupervisor(stops, isAsConfigured: !NeedsReload);
        var ending = EndAsync();
        Watch(ending, "end");
        return ending;
    }

    private void ReadEvents()
    {
        var events = _parts.Events.Kept(_lastEvent);
        _lastEvent = events is [.., var last] ? last.Id : _lastEvent;
        _invariants.Read(events);
    }

    /// <summary>
    /// Stops what an earlier supervisor left on ports that the configuration does not name any more, as the real fleet does: it crashed
    /// before a change was carried out.
    /// </summary>
    private async Task StopUnwantedAsync(IReadOnlyList<int> ports)
    {
        foreach (var port in ports)
        {
            await Engine.StopAsync(SpecOf(port), new StopOptions { GracePeriod = _parts.Options.StopGracePeriod }, CancellationToken.None).ConfigureAwait(false);
        }

        static DaemonSpec SpecOf(int port) => new() { Name = string.Create(CultureInfo.InvariantCulture, $"port {port}"), Port = port };
    }

    private async Task EndAsync()
    {
        await _unwanted.ConfigureAwait(false);
        await Fleet.DisposeAsync().ConfigureAwait(false);
        _link?.Close();
        _pending.Clear();
    }

    private async Task ForgetAsync()
    {
        await _changing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Fleet.DisposeAsync().ConfigureAwait(false);
    }

    private async Task AskAsync(Request request)
    {
        try
        {
            switch (request.Kind)
            {
                case FaultKind.AskStart:
                    Answered(await Fleet.StartAsync(request.Name, default).ConfigureAwait(false), _invariants.OnStartAnswered);
                    break;
                case FaultKind.AskRestart:
                    Answered(await Fleet.RestartAsync(request.Name, default).ConfigureAwait(false), _invariants.OnStartAnswered);
                    break;
                case FaultKind.AskStop:
                    Answered(await Fleet.StopAsync(request.Name, default).ConfigureAwait(false), _invariants.OnStopAnswered);
                    break;
                default:
                    await Fleet.ResetCrashLoopAsync(request.Name, default).ConfigureAwait(false);
                    break;
            }
        }
        catch (FleetConflictException e)
        {
            _system.Say($"{request} refused: {e.Message}");

            // Others are told that their start comes later, or that a later request has undone it.
            if (!Engine.IsCrashed && (e.Message.Contains("is kept", StringComparison.Ordinal) || e.Message.Contains("a restart replaces it", StringComparison.Ordinal)))
            {
                _invariants.OnRefused(request.Name, request.Number, request.Touched);
            }
            else if (e.Message.Contains("the supervisor is ending", StringComparison.Ordinal))
            {
                _invariants.OnTooLate(request.Touched);
            }
        }

        _pending.Remove(request);
        if (!Engine.IsCrashed)
        {
            ReadEvents();
            _invariants.OnRequestEnded(request.Name, request.Kind, request.Touched);
        }

        void Answered<T>(T report, Action<string, long, T> check)
        {
            if (!Engine.IsCrashed)
            {
                _system.Say($"{request} answered: {report}");
                check(request.Name, request.Number, report);
                if (report is StartupReport { Verdict: StartupVerdict.AlreadyRunning })
                {
                    _invariants.OnKept(request.Name, request.At, request.Touched);
                }
            }
        }
    }

    private async Task ReloadAsync(IReadOnlyList<DaemonSpec> specs, Request request)
    {
        // As the real fleet: what the configuration before did not name is stopped first.
        await _unwanted.ConfigureAwait(false);
        var change = await Fleet.ApplyAsync(specs, _parts.Options).ConfigureAwait(false);
        _pending.Remove(request);
        if (Engine.IsCrashed)
        {
            return;
        }

        _invariants.OnReloaded(request.Touched);
        NeedsReload = change.Failures.Count > 0;
        foreach (var trial in change.Trials)
        {
            Watch(AfterTrialAsync(trial, specs), "trial");
        }

        if (change.Errors.Count > 0)
        {
            _violate("reload-refused", string.Join("; ", change.Errors));
        }
    }

    private async Task AfterTrialAsync(Task<StartupReport> trial, IReadOnlyList<DaemonSpec> specs)
    {
        try
        {
            var report = await trial.ConfigureAwait(false);
            if (report.Rollback is not null && Specs == specs && !Engine.IsCrashed)
            {
                _system.Say($"{report.Name} was rolled back: {report.Detail}");
                _invariants.OnRolledBack(specs.First(s => s.Name == report.Name));
            }
        }
        catch (FleetConflictException e)
        {
            _system.Say($"a trial was given up: {e.Message}");
        }
    }

    private void Watch(Task task, string what) => task.ContinueWith(
        ended =>
        {
            if (ended.Exception is { } e && !Engine.IsCrashed)
            {
                _violate("unexpected-error", $"{what}: {e.InnerException}");
            }
        },
        CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);

    private sealed class Request(FaultKind kind, string name, TimeSpan at, long number, IReadOnlyList<string> touched)
    {
        public FaultKind Kind { get; } = kind;

        public string Name { get; } = name;

        public TimeSpan At { get; } = at;

        public long Number { get; } = number;

        /// <summary>The daemons whose failures it forgets.</summary>
        public IReadOnlyList<string> Touched { get; } = touched;

        public override string ToString() => $"{Kind} {Name}";
    }

    /// <summary>An error that the fleet only logs is a violation, unless the simulated system caused it.</summary>
    private sealed class ErrorLogger(SimulatedFleet fleet) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (exception is not null and not IOException && !fleet.Engine.IsCrashed)
            {
                fleet._violate("unexpected-error", $"{formatter(state, exception)}: {exception}");
            }
        }
    }
}
