using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;

// The smallest supervisor: a fleet, told on stdout event by event, until stdin ends. It is there to be killed. A line on stdin is
// an order: "restart NAME".
// fleet-host STATE-DIRECTORY DAEMON-EXECUTABLE FIRST-PORT COUNT
var port = int.Parse(args[2], CultureInfo.InvariantCulture);
var specs = Enumerable.Range(port, int.Parse(args[3], CultureInfo.InvariantCulture))
    .Select(p => new DaemonSpec { Name = $"d{p}", Port = p, Command = args[1], Arguments = ["--port", "{port}", "--host", "{host}", "--pid-file", "{pidfile}"] })
    .ToList();

var engine = new DaemonEngine(new EngineOptions { StateDirectory = args[0] }, NullLogger<DaemonEngine>.Instance);
// What hangs is to be found and ended soon.
var options = new FleetOptions { StateDirectory = args[0], StartTimeout = TimeSpan.FromSeconds(8), StopGracePeriod = TimeSpan.FromSeconds(1) };
await using var fleet = new FleetSupervisor(engine, specs, options, NullLogger<FleetSupervisor>.Instance);
var events = fleet.WatchAsync(0, CancellationToken.None);
await fleet.BeginAsync();
var telling = Task.Run(async () =>
{
    await foreach (var happened in events)
    {
        Console.WriteLine($"{happened.Kind} {happened.Daemon.Name} {happened.Daemon.State} {happened.Daemon.Pid ?? 0} {happened.Daemon.Restarts}");
    }
});

var orders = new List<Task>();
while (await Console.In.ReadLineAsync() is { } order)
{
    orders.Add(fleet.RestartAsync(order["restart ".Length..], CancellationToken.None));
}

await fleet.EndAsync();
await telling;
await Task.WhenAll(orders).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
