using MonitorAspire.AppHost.Standalone.Output;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.AppHost.Standalone.Fleet;

/// <summary>Tells a person what changes in the fleet, and knows when each daemon has had its first verdict.</summary>
/// <param name="screen">Where to tell.</param>
internal sealed class FleetProgress(Screen screen)
{
    private readonly Dictionary<string, DaemonSnapshot> _last = new(StringComparer.OrdinalIgnoreCase);
    private bool _started;

    /// <summary>Takes in what the fleet is like now.</summary>
    /// <param name="daemons">The daemons.</param>
    /// <returns>Whether each daemon has had a first verdict: verified, or failed.</returns>
    public bool Update(IReadOnlyList<DaemonSnapshot> daemons)
    {
        foreach (var daemon in daemons)
        {
            _last.TryGetValue(daemon.Name, out var before);
            if (Changed(before, daemon) && Line(before, daemon) is { } line)
            {
                screen.Say(line);
            }

            _last[daemon.Name] = daemon;
        }

        var done = daemons.Count(HasVerdict);
        if (!_started)
        {
            var waiting = daemons.FirstOrDefault(d => !HasVerdict(d));
            screen.Status(waiting is null ? "" : $"  {done} of {daemons.Count} have their verdict; {waiting.Name}: {WireNames.Of(waiting.Stage ?? 0)}");
        }

        _started |= done == daemons.Count;
        return _started;
    }

    private static bool HasVerdict(DaemonSnapshot daemon)
        => daemon.State is not (DaemonState.Starting or DaemonState.Stopped or DaemonState.Stopping) || daemon.LastFailure is not null;

    private static bool Changed(DaemonSnapshot? before, DaemonSnapshot now)
        => before is null || before.State != now.State || before.Pid != now.Pid || before.LastFailure?.At != now.LastFailure?.At;

    private string? Line(DaemonSnapshot? before, DaemonSnapshot now)
    {
        var time = _started ? $"{TimeProvider.System.GetLocalNow():HH:mm:ss} " : "";
        var restarts = now.Restarts > 0 ? $", restarts: {now.Restarts}" : "";
        return now.State switch
        {
            DaemonState.Running when now.Adopted && before is null => $"  {time}{now.Name} was running already and is verified: port {now.Port}, PID {now.Pid}{restarts}",
            DaemonState.Running => $"  {time}{now.Name} verified: port {now.Port}, PID {now.Pid}{(now.Startup is { } s ? $", {Words.Seconds(s.TotalMs)}" : "")}{restarts}",
            DaemonState.Starting or DaemonState.Stopping => null,
            DaemonState.Stopped when before is null => null,
            DaemonState.Stopped => $"  {time}{now.Name} stopped",
            _ => $"  {time}{now.Name} {now.State}{(now.LastFailure is { } f ? $": {WireNames.Of(f.Reason)}" : "")}"
                + (now.NextAttemptAt is { } next ? $", next try at {next.ToLocalTime():HH:mm:ss}" : ""),
        };
    }
}
