using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Startup;

// The cost of verification. The same daemon is started without the engine until /health answers, and by the engine with all five stages. Both
// alternate in one run on one machine. The ratio is the result.
//   dotnet run -c Release --project benchmarks/MonitorAspire.Benchmarks -- [rounds, default 15] [first port, default 21000]
var rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 15;
var port = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 21_000;
var state = Directory.CreateTempSubdirectory("monitor-aspire-bench-").FullName;
try
{
    var engine = new DaemonEngine(new EngineOptions { StateDirectory = state }, NullLogger<DaemonEngine>.Instance);
    using var client = new HttpClient();
    var bare = new List<double>();
    var verified = new List<double>();
    var stops = new List<double>();
    var inspections = new List<double>();
    var requests = new List<double>();

    for (var round = 0; round <= rounds; round++)
    {
        var bareMs = await BareStartAsync(client, port++);
        var spec = new DaemonSpec { Name = "bench", Port = port++ };
        var report = (await engine.StartAsync(spec, new StartOptions(), CancellationToken.None)).Report;
        if (report.Verdict != StartupVerdict.Verified)
        {
            throw new InvalidOperationException(report.Detail);
        }

        for (var i = 0; i < 20; i++)
        {
            requests.Add(await TimeAsync(async () => (await client.GetAsync(new Uri($"http://127.0.0.1:{spec.Port}/health"))).Dispose()));
            inspections.Add(await TimeAsync(() => engine.InspectAsync(spec, new InspectOptions(), CancellationToken.None)));
        }

        var stop = await engine.StopAsync(spec, new StopOptions(), CancellationToken.None);

        // The first round is slower for all, because everything is used for the first time.
        if (round > 0)
        {
            bare.Add(bareMs);
            verified.Add(report.TotalMs);
            stops.Add(stop.TotalMs);
        }
    }

    Console.WriteLine($"start until /health answers, bare:   median {Median(bare),8:0.0} ms");
    Console.WriteLine($"start verified, five stages:         median {Median(verified),8:0.0} ms   ratio {Median(verified) / Median(bare):0.00}");
    Console.WriteLine($"/health alone:                       median {Median(requests),8:0.00} ms");
    Console.WriteLine($"inspection (identity, port, health): median {Median(inspections),8:0.00} ms   ratio {Median(inspections) / Median(requests):0.00}");
    Console.WriteLine($"stop, proved:                        median {Median(stops),8:0.0} ms");

    foreach (var count in new[] { 4, 10 })
    {
        var specs = Enumerable.Range(port, count).Select(p => new DaemonSpec { Name = $"bench-{p}", Port = p }).ToList();
        port += count;
        var all = await TimeAsync(() => Task.WhenAll(specs.Select(s => engine.StartAsync(s, new StartOptions { Timeout = TimeSpan.FromMinutes(2) }, CancellationToken.None))));
        Console.WriteLine($"fleet of {count,2} in parallel, verified:    {all,8:0.0} ms          {all / count / Median(bare):0.00} of a bare start each");
        await Task.WhenAll(specs.Select(s => engine.StopAsync(s, new StopOptions(), CancellationToken.None)));
    }
}
finally
{
    Directory.Delete(state, recursive: true);
}

async Task<double> BareStartAsync(HttpClient client, int barePort)
{
    var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "monitor-aspire-daemon"), ["--port", $"{barePort}", "--state-dir", state])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };
    Process? process = null;
    var ms = await TimeAsync(async () =>
    {
        process = Process.Start(start)!;
        while (true)
        {
            try
            {
                (await client.GetAsync(new Uri($"http://127.0.0.1:{barePort}/health"))).Dispose();
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(5);
            }
        }
    });
    process!.Kill();
    await process.WaitForExitAsync();
    process.Dispose();
    return ms;
}

static async Task<double> TimeAsync(Func<Task> action)
{
    var started = Stopwatch.GetTimestamp();
    await action();
    return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
}

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
