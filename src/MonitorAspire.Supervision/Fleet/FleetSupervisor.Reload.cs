using System.Collections.Immutable;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervision.Fleet;

public sealed partial class FleetSupervisor
{
    /// <summary>
    /// Makes the fleet what a new configuration says and touches only what differs. Daemons that leave or must be restarted are stopped
    /// first and all of them, so that a port can pass from one to another; then come the new ones. A daemon that a person had
    /// stopped stays stopped.
    /// </summary>
    /// <param name="specs">The daemons, as <see cref="FleetTopology.Resolve"/> gives them.</param>
    /// <param name="cancellationToken">Gives up waiting for another change to be finished; one that has begun is carried out.</param>
    /// <returns>What was done; with <see cref="FleetChange.Errors"/>, nothing was.</returns>
    public Task<FleetChange> ApplyAsync(IReadOnlyList<DaemonSpec> specs, CancellationToken cancellationToken = default)
        => ApplyAsync(specs, options: null, cancellationToken);

    /// <summary>
    /// As <see cref="ApplyAsync(IReadOnlyList{DaemonSpec}, CancellationToken)"/>, with new options for the whole fleet. They hold from now
    /// on and touch no daemon. State directory and number of parallel starts stay what they are.
    /// </summary>
    /// <param name="specs">The daemons.</param>
    /// <param name="options">The options; <see langword="null"/> leaves them as they are.</param>
    /// <param name="cancellationToken">Gives up waiting for another change to be finished; one that has begun is carried out.</param>
    /// <returns>What was done; with <see cref="FleetChange.Errors"/>, nothing was.</returns>
    public async Task<FleetChange> ApplyAsync(IReadOnlyList<DaemonSpec> specs, FleetOptions? options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(specs);
        if (ErrorsIn(specs) is { Count: > 0 } errors)
        {
            return new FleetChange { Errors = errors };
        }

        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _ended
                ? new FleetChange { Errors = ["the supervisor is ending"] }
                : await ChangeAsync(specs, options is null ? [] : Use(options)).ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    private IReadOnlyList<string> Use(FleetOptions options)
    {
        var old = _parts.Options;
        var next = options with { StateDirectory = old.StateDirectory, MaxParallelStarts = old.MaxParallelStarts };
        var differences = old.DifferencesTo(next);
        if (differences.Count > 0)
        {
            _parts.Options = next;
            for (var i = 0; i < _daemons.Count; i++)
            {
                _daemons[i].UseOptions(old.ProbeInterval == next.ProbeInterval ? null : Phase(i, _daemons.Count));
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
        return errors;
    }

    private async Task<FleetChange> ChangeAsync(IReadOnlyList<DaemonSpec> specs, IReadOnlyList<string> options)
    {
        var old = _daemons.ToDictionary(d => d.Spec.Name, StringComparer.OrdinalIgnoreCase);
        var kept = specs.Where(s => old.ContainsKey(s.Name)).ToDictionary(s => s.Name, s => (Spec: s, Difference: SpecComparison.Compare(old[s.Name].Spec, s)), StringComparer.OrdinalIgnoreCase);
        var leaving = _daemons.Where(d => !kept.ContainsKey(d.Spec.Name)).ToList();
        var restarting = _daemons.Where(d => kept.TryGetValue(d.Spec.Name, out var k) && k.Difference == SpecDifference.Restart).ToList();

        var failures = new List<string>();
        var wanted = new HashSet<DaemonActor>();
        foreach (var daemon in restarting)
        {
            if (await daemon.IsWantedAsync().ConfigureAwait(false))
            {
                wanted.Add(daemon);
            }
        }

        // A daemon that is stopped already is not stopped again: it may be that its port is somebody else's by now.
        var stopping = leaving.Concat(restarting.Where(wanted.Contains)).ToList();
        var stuck = new HashSet<DaemonActor>();
        var stops = new List<StopReport>();
        foreach (var (daemon, report, failure) in await Task.WhenAll(stopping.Select(StopForChangeAsync)).ConfigureAwait(false))
        {
            if (report is not null)
            {
                stops.Add(report);
            }

            if (failure is not null)
            {
                stuck.Add(daemon);
                failures.Add(failure);
            }
        }

        var added = new List<string>();
        var updated = new List<string>();
        var next = ImmutableList.CreateBuilder<DaemonActor>();
        var begin = new List<DaemonActor>();
        for (var i = 0; i < specs.Count; i++)
        {
            var spec = specs[i];
            if (!old.TryGetValue(spec.Name, out var daemon))
            {
                next.Add(Add(spec, i));
                added.Add(spec.Name);
            }
            else if (!stuck.Contains(daemon) && kept[spec.Name].Difference != SpecDifference.None)
            {
                if (daemon.Spec.Launch != LaunchMode.Supervisor || spec.Launch != LaunchMode.Supervisor)
                {
                    // Whose it is changes, or it is not ours to restart: it is looked at with new eyes.
                    await daemon.DisposeAsync().ConfigureAwait(false);
                    next.Add(Add(spec, i));
                }
                else
                {
                    await daemon.ReconfigureAsync(spec, wanted.Contains(daemon)).ConfigureAwait(false);
                    next.Add(daemon);
                }

                if (kept[spec.Name].Difference == SpecDifference.Update)
                {
                    updated.Add(spec.Name);
                }
            }
            else
            {
                next.Add(daemon);
            }
        }

        next.AddRange(leaving.Where(stuck.Contains));
        _daemons = next.ToImmutable();
        foreach (var daemon in leaving.Where(d => !stuck.Contains(d)))
        {
            await daemon.DisposeAsync().ConfigureAwait(false);
            _parts.Events.Add(FleetEventKind.Removed, daemon.Current);
        }

        begin.ForEach(d => d.Begin());
        return new FleetChange
        {
            Added = added,
            Removed = [.. leaving.Where(d => !stuck.Contains(d)).Select(d => d.Current.Name)],
            Restarted = [.. restarting.Where(d => !stuck.Contains(d)).Select(d => d.Current.Name)],
            Updated = updated,
            Failures = failures,
            Stops = stops,
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

    private static async Task<(DaemonActor Daemon, StopReport? Report, string? Failure)> StopForChangeAsync(DaemonActor daemon)
    {
        if (daemon.Spec.Launch == LaunchMode.Attached)
        {
            return (daemon, null, null);
        }

        try
        {
            var report = await daemon.StopAsync().ConfigureAwait(false);
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
