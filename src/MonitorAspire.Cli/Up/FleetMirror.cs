using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Cli.Up;

/// <summary>The fleet as the supervisor has described it last. It outlives the supervisor.</summary>
internal sealed class FleetMirror
{
    private readonly Lock _gate = new();
    private List<DaemonSnapshot> _daemons = [];

    /// <summary>The daemons, in the order of the configuration.</summary>
    internal IReadOnlyList<DaemonSnapshot> Daemons
    {
        get
        {
            lock (_gate)
            {
                return [.. _daemons];
            }
        }
    }

    /// <summary>Takes over a full list.</summary>
    internal void Set(IReadOnlyList<DaemonSnapshot> daemons)
    {
        lock (_gate)
        {
            _daemons = [.. daemons];
        }
    }

    /// <summary>Takes over what an event says about its daemon.</summary>
    internal void Apply(FleetEvent happened)
    {
        lock (_gate)
        {
            if (happened.Kind == FleetEventKind.Removed)
            {
                _daemons.RemoveAll(d => d.Name == happened.Daemon.Name);
            }
            else
            {
                Replace(happened.Daemon);
            }
        }
    }

    /// <summary>Takes over the state of one daemon.</summary>
    internal void Replace(DaemonSnapshot daemon)
    {
        lock (_gate)
        {
            var index = _daemons.FindIndex(d => d.Name == daemon.Name);
            if (index < 0)
            {
                _daemons.Add(daemon);
            }
            else
            {
                _daemons[index] = daemon;
            }
        }
    }
}
