using System.Collections.Immutable;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Cli.Up;

/// <summary>The fleet as the supervisor has described it last. It outlives the supervisor. Thread-safe.</summary>
internal sealed class FleetMirror
{
    private ImmutableList<DaemonSnapshot> _daemons = [];

    /// <summary>The daemons, in the order of the configuration.</summary>
    internal IReadOnlyList<DaemonSnapshot> Daemons => Volatile.Read(ref _daemons);

    internal void Set(IReadOnlyList<DaemonSnapshot> daemons) => Volatile.Write(ref _daemons, [.. daemons]);

    internal void Apply(FleetEvent happened)
    {
        if (happened.Kind == FleetEventKind.Removed)
        {
            ImmutableInterlocked.Update(ref _daemons, static (all, name) => all.RemoveAll(d => d.Name == name), happened.Daemon.Name);
        }
        else
        {
            Replace(happened.Daemon);
        }
    }

    internal void Replace(DaemonSnapshot daemon) => ImmutableInterlocked.Update(
        ref _daemons,
        static (all, daemon) => all.FindIndex(d => d.Name == daemon.Name) is >= 0 and var index ? all.SetItem(index, daemon) : all.Add(daemon),
        daemon);
}
