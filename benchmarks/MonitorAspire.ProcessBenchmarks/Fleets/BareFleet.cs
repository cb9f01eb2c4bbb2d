using MonitorAspire.ProcessBenchmarks.Measuring;

namespace MonitorAspire.ProcessBenchmarks.Fleets;

/// <summary>The lower limit: the native program spawns the daemons and probes them every 0.1 ms, and after that once a second.</summary>
internal sealed class BareFleet(Workspace workspace, IReadOnlyList<TinyDaemon> daemons, Func<TinyDaemon, IReadOnlyList<string>>? command = null)
    : LineFleet(workspace, daemons)
{
    public override bool SaysRestarts => true;

    // This one runs the same executable as the daemons.
    public override IReadOnlyList<int> Processes => [Supervisor.Id];

    public override void Open(bool startAll)
    {
        var file = Path.Combine(Workspace.NewDirectory("bare"), "fleet");
        File.WriteAllLines(file, Daemons.Select(d => $"{d.Port} {string.Join(' ', (command ?? (static d => d.Command))(d))}"));
        Listen(Commands.Start(Workspace.Tiny, null, ["bare", startAll ? "1" : "0", "1000", file]));
    }
}
