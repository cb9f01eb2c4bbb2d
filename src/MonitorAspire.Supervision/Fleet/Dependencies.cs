using System.Collections.Immutable;
using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>Which daemons of a fleet wait for which others. It reads the snapshots of the others, and tells those that depend on a daemon when it changes.</summary>
internal sealed class Dependencies(Func<ImmutableList<DaemonActor>> daemons)
{
    /// <summary>No daemon depends on another one.</summary>
    public static Dependencies None { get; } = new(() => []);

    /// <summary>The names of the daemons that this one has to wait for now. A daemon that another program launches waits for none here.</summary>
    public IReadOnlyList<string> WaitingFor(DaemonSpec spec) => spec.DependsOn.Count == 0 || spec.Launch == LaunchMode.Attached ? []
        : [.. spec.DependsOn.Where(d => Find(d.Name) is not { } needed || !IsMet(d.Condition, needed.Current)).Select(d => d.Name)];

    /// <summary>
    /// The first daemon that keeps this one waiting and is not being started, with its state, as in <c>'db' (back-off)</c>. Otherwise
    /// <see langword="null"/>.
    /// </summary>
    public string? ObstacleOf(DaemonSpec spec) => WaitingFor(spec)
        .Select(Find)
        .Select(needed => needed?.Current.State switch
        {
            null or DaemonState.Starting or DaemonState.Stopping or DaemonState.Running or DaemonState.Unhealthy => null,
            DaemonState.Waiting => ObstacleOf(needed!.Spec),
            var state => $"'{needed!.Spec.Name}' ({DaemonStates.Words(state.Value)}{(needed.Current.LastFailure?.Detail is { } detail ? $": {detail}" : "")})",
        })
        .FirstOrDefault(obstacle => obstacle is not null);

    /// <summary>The verified instances of the daemons that this one depends on, by name.</summary>
    public ImmutableDictionary<string, ProcessIdentity> Instances(DaemonSpec spec) => spec.DependsOn
        .Select(d => Find(d.Name))
        .Where(d => d?.RunningInstance is not null)
        .ToImmutableDictionary(d => d!.Spec.Name, d => d!.RunningInstance!.Value, StringComparer.OrdinalIgnoreCase);

    /// <summary>Tells the daemons that depend on this one that it has changed.</summary>
    public void OnChanged(DaemonActor changed)
    {
        foreach (var daemon in daemons())
        {
            if (daemon.Spec.DependsOn.Count > 0 && daemon.Spec.DependsOn.Any(d => string.Equals(d.Name, changed.Spec.Name, StringComparison.OrdinalIgnoreCase)))
            {
                daemon.LookAtDependencies();
            }
        }
    }

    private DaemonActor? Find(string name) => daemons().Find(d => string.Equals(d.Spec.Name, name, StringComparison.OrdinalIgnoreCase));

    private static bool IsMet(DependencyCondition condition, DaemonSnapshot needed) => needed.State == DaemonState.Running
        || (condition == DependencyCondition.Started && needed is { State: DaemonState.Starting or DaemonState.Unhealthy, Pid: not null });
}
