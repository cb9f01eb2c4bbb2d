using System.Collections.Immutable;

namespace MonitorAspire.Supervision.Fleet;

public sealed partial class FleetSupervisor
{
    /// <summary>
    /// Changes the fleet to a new configuration and touches only what differs. All daemons that are removed or restarted are stopped first,
    /// so that a port can pass from one daemon to another; then the new ones are started. Both keep the order of the
    /// dependencies. A daemon that a person has stopped stays
    /// stopped.
    /// </summary>
    /// <param name="specs">The daemons, as <see cref="FleetTopology.Resolve"/> gives them.</param>
    /// <param name="options">
    /// New options for the whole fleet, used from now on; they touch no daemon, and the state directory stays as it is. Default: the options
    /// stay as they are.
    /// </param>
    /// <param name="cancellationToken">Gives up waiting for another change. A change that has begun is carried out.</param>
    /// <returns>What was done. With <see cref="FleetChange.Errors"/>, nothing was done.</returns>
    public async Task<FleetChange> ApplyAsync(IReadOnlyList<DaemonSpec> specs, FleetOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(specs);
        if (ErrorsIn(specs) is { Count: > 0 } errors)
        {
            return new FleetChange { Errors = errors };
        }

        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_unwanted is { } unwanted)
            {
                // The new configuration may name one of them again. A daemon must not be adopted or started on a port where a stop is under way.
                await unwanted.Stopped.WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            return _parts.IsEnding
                ? new FleetChange { Errors = ["the supervisor is ending"] }
                : await ChangeAsync(specs, options is null ? [] : ChangeOptions(options), isConfiguration: options is not null).ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    private IReadOnlyList<string> ChangeOptions(FleetOptions options)
    {
        var old = _parts.Options;
        var next = options with { StateDirectory = old.StateDirectory, Fleet = old.Fleet };
        var differences = old.DifferencesTo(next);
        if (differences.Count > 0)
        {
            _parts.Options = next;
            for (var i = 0; i < _daemons.Count; i++)
            {
                _daemons[i].UseOptions(old.Probe.Interval == next.Probe.Interval ? null : Phase(i, _daemons.Count));
            }
        }

        return differences;
    }

    private static List<string> ErrorsIn(IReadOnlyList<DaemonSpec> specs)
    {
        var errors = specs
            .Select(spec => (spec.Name, Error: FleetTopology.Validate(spec)))
            .Where(e => e.Error is not null)
            .Select(e => $"'{e.Name}': {e.Error}")
            .ToList();
        if (specs.Count > FleetTopology.MaximumCount)
        {
            errors.Add($"{specs.Count} daemons are more than a fleet has ({FleetTopology.MaximumCount})");
        }

        errors.AddRange(specs.GroupBy(s => s.Name, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1)
            .Select(g => $"the name '{g.Key}' is given {g.Count()} times"));
        errors.AddRange(specs.GroupBy(s => s.Port).Where(g => g.Count() > 1)
            .Select(g => $"port {g.Key} is given to {string.Join(" and ", g.Select(s => $"'{s.Name}'"))}"));
        errors.AddRange(StartOrder.Problems(specs).Select(p => $"'{specs[p.Index].Name}': {p.Message}"));
        return errors;
    }

    private async Task<FleetChange> ChangeAsync(IReadOnlyList<DaemonSpec> specs, IReadOnlyList<string> options, bool isConfiguration)
    {
        var old = _daemons.ToDictionary(d => d.Spec.Name, StringComparer.OrdinalIgnoreCase);
        var differences = specs.Where(spec => old.ContainsKey(spec.Name))
            .ToDictionary(spec => spec.Name, spec => Difference(old[spec.Name], spec), StringComparer.OrdinalIgnoreCase);
        var removed = _daemons.Where(d => !differences.ContainsKey(d.Spec.Name)).ToList();
        var restarted = _daemons.Where(d => differences.GetValueOrDefault(d.Spec.Name) == SpecDifference.Restart).ToList();
        var wanted = restarted.Where(d => d.IsWanted).ToHashSet();

        // What cannot start must not end what serves.
        var refused = await RefusedAsync(specs, removed, wanted).ConfigureAwait(false);
        restarted.RemoveAll(refused.ContainsKey);
        var serving = restarted.Where(d => d.HasInstance).ToHashSet();
        var stops = await StartOrder.InReverseAsync([.. removed.Concat(restarted).Where(d => d.OwnsProcess)], NameOf, NeedsOf, HoldAsync).ConfigureAwait(false);
        var failures = refused.Values.Concat(stops.Select(stop => stop.Failure).OfType<string>()).ToList();
        var stuck = stops.Where(stop => stop.Failure is not null).Select(stop => stop.Daemon).Concat(refused.Keys).ToHashSet();
        specs = await WithoutPortsOfAsync(stuck, specs, restarted, failures).ConfigureAwait(false);
        removed.RemoveAll(stuck.Contains);
        restarted.RemoveAll(stuck.Contains);

        var begin = new List<DaemonActor>();
        var trials = new List<Task<StartupReport>>();
        var next = ImmutableList.CreateBuilder<DaemonActor>();
        for (var i = 0; i < specs.Count; i++)
        {
            var spec = specs[i];
            if (old.GetValueOrDefault(spec.Name) is not { } daemon)
            {
                next.Add(Add(spec, i));
            }
            else if (stuck.Contains(daemon) || differences[spec.Name] == SpecDifference.None)
            {
                next.Add(daemon);
            }
            else if (daemon.OwnsProcess && spec.Launch == daemon.Spec.Launch)
            {
                // The old definition is no way back when another daemon has got its port.
                var rollback = spec.Rollback && serving.Contains(daemon) && !specs.Any(other => other.Port == daemon.Current.Port && !Is(daemon, other));
                if (await daemon.ReconfigureAsync(spec, rollback, isConfiguration).ConfigureAwait(false) is { } trial)
                {
                    trials.Add(trial);
                }

                next.Add(daemon);
            }
            else
            {
                // The launcher changes, or this supervisor cannot restart the daemon: its supervision begins again.
                await daemon.LeaveAsync().ConfigureAwait(false);
                next.Add(Add(spec, i));
            }
        }

        next.AddRange(old.Values.Where(d => stuck.Contains(d) && !differences.ContainsKey(d.Spec.Name)));
        _daemons = next.ToImmutable();
        foreach (var daemon in removed)
        {
            await daemon.LeaveAsync().ConfigureAwait(false);
            _parts.Stops.Set(daemon.Spec.Name, isStopped: false);
            _parts.Events.Add(FleetEventKind.Removed, daemon.Current);
        }

        begin.ForEach(d => d.Begin(IsStartedWithFleet(d.Spec)));
        begin.Where(d => d.Spec.AutoStart).ToList().ForEach(d => StartNeeded(d.Spec, needed => !needed.AutoStart));

        // A daemon that was named and not there yet is there now.
        _daemons.ForEach(d => d.LookAtDependencies());
        return new FleetChange
        {
            Added = [.. specs.Select(spec => spec.Name).Where(name => !old.ContainsKey(name))],
            Removed = [.. removed.Select(d => d.Current.Name)],
            Restarted = [.. restarted.Select(d => d.Current.Name)],
            Updated = [.. specs.Select(spec => spec.Name).Where(name => differences.GetValueOrDefault(name) == SpecDifference.Update)],
            Failures = failures,
            Trials = trials,
            Stops = [.. stops.Select(stop => stop.Report).OfType<StopReport>()],
            Options = options,
        };

        DaemonActor Add(DaemonSpec spec, int index)
        {
            var actor = new DaemonActor(_parts, spec, Phase(index, specs.Count));
            _parts.Events.Add(FleetEventKind.Added, actor.Current);
            if (_begun)
            {
                begin.Add(actor);
            }

            return actor;
        }
    }

    /// <summary>The specifications that can be carried out while the daemons that could not be stopped keep their ports. The others are added to the failures.</summary>
    private static async Task<List<DaemonSpec>> WithoutPortsOfAsync(
        HashSet<DaemonActor> stuck, IReadOnlyList<DaemonSpec> specs, List<DaemonActor> restarted, List<string> failures)
    {
        var possible = specs.ToList();
        var known = restarted.ToDictionary(d => d.Spec.Name, StringComparer.OrdinalIgnoreCase);
        while (possible.Find(spec => stuck.Any(s => s.Spec.Port == spec.Port && !Is(s, spec) && !stuck.Any(other => Is(other, spec)))) is { } blocked)
        {
            failures.Add($"'{blocked.Name}' does not get port {blocked.Port}: the daemon that has it could not be stopped");
            if (known.TryGetValue(blocked.Name, out var daemon))
            {
                // It keeps its own port, which may be in the way of another one.
                stuck.Add(daemon);
                await daemon.ReconfigureAsync(daemon.Spec).ConfigureAwait(false);
            }
            else
            {
                possible.Remove(blocked);
            }
        }

        return possible;
    }

    private static bool Is(DaemonActor daemon, DaemonSpec spec) => string.Equals(daemon.Spec.Name, spec.Name, StringComparison.OrdinalIgnoreCase);

    private static SpecDifference Difference(DaemonActor daemon, DaemonSpec spec) =>
        daemon.Rejected is { } rejected && SpecComparison.Compare(rejected, spec) == SpecDifference.None
            ? SpecDifference.None
            : SpecComparison.Compare(daemon.Spec, spec);

    /// <summary>The running daemons whose new specification would fail its start, each with the reason.</summary>
    private static async Task<Dictionary<DaemonActor, string>> RefusedAsync(IReadOnlyList<DaemonSpec> specs, IReadOnlyList<DaemonActor> removed, IReadOnlySet<DaemonActor> wanted)
    {
        var refused = new Dictionary<DaemonActor, string>();
        var changed = wanted.Where(d => d.OwnsProcess && d.HasInstance)
            .ToDictionary(d => d, d => specs.First(s => string.Equals(s.Name, d.Spec.Name, StringComparison.OrdinalIgnoreCase)));
        for (var found = true; found;)
        {
            // A daemon that is refused keeps its port, which another one may have counted on.
            found = false;
            var freed = removed.Concat(wanted).Where(d => !refused.ContainsKey(d)).Select(d => d.Current.Port).ToHashSet();
            foreach (var (daemon, spec) in changed.Where(c => !refused.ContainsKey(c.Key)).ToList())
            {
                if (spec.Launch == LaunchMode.Supervisor && await daemon.CheckStartAsync(spec, freed, CancellationToken.None).ConfigureAwait(false) is { } report)
                {
                    refused[daemon] = $"'{daemon.Spec.Name}' was not changed: {Telemetry.WireNames.Of(report.Reason ?? StartupReason.InvalidConfiguration)}: {report.Detail}";
                    found = true;
                }
            }
        }

        return refused;
    }

    private static async Task<(DaemonActor Daemon, StopReport? Report, string? Failure)> HoldAsync(DaemonActor daemon)
    {
        try
        {
            var report = await daemon.HoldAsync().ConfigureAwait(false);
            return (daemon, report, report.Verdict is StopVerdict.Failed or StopVerdict.PermissionDenied
                ? $"'{daemon.Spec.Name}' could not be stopped: {report.Detail}"
                : null);
        }
        catch (FleetConflictException e)
        {
            return (daemon, null, e.Message);
        }
    }
}
