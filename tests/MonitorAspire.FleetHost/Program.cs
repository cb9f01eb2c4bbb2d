using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;

// A small supervisor for tests that kill it. It writes each event to stdout as a line, and ends when stdin ends. A line on stdin is a
// command: "restart NAME".
// fleet-host STATE-DIRECTORY DAEMON-EXECUTABLE FIRST-PORT COUNT

// The runtime needs descriptors for a new thread, and a process that has none left would end. So all workers are made now, and they stay
// (ThreadTimeoutMs in the project).
const int workers = 16;
ThreadPool.SetMinThreads(workers, workers);
using (var all = new Barrier(workers))
{
    await Task.WhenAll(Enumerable.Range(0, workers).Select(_ => Task.Run(all.SignalAndWait)));
}

var port = int.Parse(args[2], CultureInfo.InvariantCulture);
var specs = Enumerable.Range(port, int.Parse(args[3], CultureInfo.InvariantCulture))
    .Select(p => new DaemonSpec { Name = $"d{p}", Port = p, Command = args[1], Arguments = ["--port", "{port}", "--host", "{host}", "--pid-file", "{pidfile}"] })
    .ToList();

var engine = new DaemonEngine(new EngineOptions { StateDirectory = args[0] }, NullLogger<DaemonEngine>.Instance);
// Short times, so that daemons that hang are ended soon, and what could not be started is tried again soon.
var options = new FleetOptions
{
    StateDirectory = args[0],
    StartTimeout = TimeSpan.FromSeconds(8),
    StopGracePeriod = TimeSpan.FromSeconds(1),
    Restart = new RestartPolicy { MaxDelay = TimeSpan.FromSeconds(2) },
};
await using var fleet = new FleetSupervisor(engine, specs, options, NullLogger<FleetSupervisor>.Instance);
var events = fleet.WatchAsync(0, CancellationToken.None);
await fleet.BeginAsync();
var writing = Task.Run(async () =>
{
    await foreach (var happened in events)
    {
        Console.WriteLine($"{happened.Kind} {happened.Daemon.Name} {happened.Daemon.State} {happened.Daemon.Pid ?? 0} {happened.Daemon.Restarts}");
    }
});

var restarts = new List<Task>();
while (await Console.In.ReadLineAsync() is { } command)
{
    restarts.Add(fleet.RestartAsync(command["restart ".Length..], CancellationToken.None));
}

await fleet.EndAsync();
await writing;
await Task.WhenAll(restarts).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
