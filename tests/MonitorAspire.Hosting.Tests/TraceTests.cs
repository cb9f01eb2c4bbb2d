using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Testing;
using MonitorAspire.Testing.Telemetry;

namespace MonitorAspire.Hosting.Tests;

/// <summary>The trace of the start of an application.</summary>
public sealed class TraceTests
{
    private const ulong SlowNanoseconds = 1_500_000_000;

    // Start and duration of a span are rounded on their own.
    private const ulong Rounding = 1_000;

    [Fact]
    public async Task Start_SlowServer_HasStagesOfTheirRealLengthFromTheLaunchOn()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var app = new SupervisedApplication(null, $"--ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL={receiver.GrpcUrl.ToString().TrimEnd('/')}");
        app.AddServer("catalog", port: null, restart: null, "--start-delay", "1500");
        app.AddServer("orders");
        await app.StartAsync();
        await app.HealthyAsync("orders");
        var healthy = await app.HealthyAsync("catalog");

        // Other tests have spans of other applications in this process.
        string? trace = null;
        await Wait.UntilAsync(
            () => (trace = receiver.Spans.FirstOrDefault(s => s.Name == "monitor.startup catalog")?.TraceId) is not null
                && receiver.Spans.Any(s => s.TraceId == trace && s.Kind == "monitor.apphost.start")
                && receiver.Spans.Count(s => s.TraceId == trace && s.Kind == "monitor.startup") == 2,
            "the spans");
        var spans = receiver.Spans.Where(s => s.TraceId == trace).ToList();
        var start = Assert.Single(spans, s => s.Name == "monitor.startup catalog");
        var launch = Assert.Single(spans, s => s.Name == "monitor.launch catalog");
        Assert.Single(spans, s => s.Name == "monitor.startup orders");
        Assert.Single(spans, s => s.Name == "monitor.supervisor.start");

        // The supervisor may have come up after the launch. The start began with the launch all the same, and one stage follows the other.
        Assert.InRange(start.Start, launch.Start, launch.End);
        var stages = spans.Where(s => s.ParentSpanId == start.SpanId && s.Name.StartsWith("monitor.startup.", StringComparison.Ordinal)).OrderBy(s => s.Start).ThenBy(s => s.End).ToList();
        Assert.Equal(["preflight", "spawn", "pid_file", "port_bound", "health"], stages.Select(s => s.Name["monitor.startup.".Length..]));
        Assert.InRange(stages[1].Start, stages[0].End - Rounding, stages[0].End + Rounding);
        Assert.InRange(stages[2].Start, stages[1].End - Rounding, stages[1].End + Rounding);
        Assert.True(start.End - start.Start >= SlowNanoseconds);
        Assert.True(stages[2].End - stages[2].Start + (stages[3].End - stages[3].Start) + (stages[4].End - stages[4].Start) >= SlowNanoseconds / 2, string.Join("; ", stages.Select(s => $"{s.Name} {s.Start} {s.End}")));
        var shown = SupervisedApplication.Property(healthy, "monitor.startup")!;
        Assert.True(double.Parse(shown.Split(' ')[0], CultureInfo.InvariantCulture) >= 1500, shown);

        await Wait.UntilAsync(() => receiver.Logs.Any(l => l.Body.Contains("is verified", StringComparison.Ordinal)), "the log of the verification");
        Assert.All(receiver.Logs.Where(l => l.Body.Contains("is verified", StringComparison.Ordinal)), l => Assert.Equal(trace, l.TraceId));
    }

    [Fact]
    public async Task Start_ResourceThatWaits_IsLaunchedAfterTheWait()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var directory = new TemporaryDirectory();
        await using var app = new SupervisedApplication(null, $"--ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL={receiver.GrpcUrl.ToString().TrimEnd('/')}");
        var migration = app.Builder.AddExecutable("migration", "/bin/sh", directory.Path, "-c", "while [ ! -e migrated ]; do sleep 0.1; done");
        app.AddServer("late").WaitForCompletion(migration);
        var starting = app.StartAsync();
        await app.UntilAsync("late", s => s.State?.Text == KnownResourceStates.Waiting);
        var waited = (ulong)(DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalNanoseconds;

        await File.WriteAllTextAsync(directory["migrated"], "");

        await app.HealthyAsync("late");
        await starting;
        await Wait.UntilAsync(() => receiver.Spans.Any(s => s.Name == "monitor.launch late") && receiver.Spans.Any(s => s.Name == "monitor.startup late"), "the spans");
        Assert.All(receiver.Spans.Where(s => s.Name is "monitor.launch late" or "monitor.startup late"), s => Assert.True(s.Start >= waited, $"{s.Name} began {waited - s.Start} ns before the end of the wait"));
    }

    [Fact]
    public async Task CrashLoop_EachLineOfTheLog_HasTheTraceOfItsStart()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var app = new SupervisedApplication(null, $"--ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL={receiver.GrpcUrl.ToString().TrimEnd('/')}");
        app.AddServer("server", port: null, SupervisedApplication.Eager);
        await app.StartAsync();
        int? last = null;
        for (var crash = 0; crash < SupervisedApplication.Eager.Budget; crash++)
        {
            var verified = await app.UntilAsync("server", s => SupervisedApplication.Property(s, "monitor.state") == "running"
                && SupervisedApplication.Property(s, "monitor.pid") is { } pid && pid != last?.ToString(CultureInfo.InvariantCulture));
            last = int.Parse(SupervisedApplication.Property(verified, "monitor.pid")!, CultureInfo.InvariantCulture);
            SupervisedApplication.Signal("KILL", last.Value);
        }

        await Wait.UntilAsync(() => Lines("server: PID ").Count == 3 && Lines("server is CrashLooping").Count == 1 && Lines("Alert ").Count == 1 && Starts().Count == 3, "the lines of the crash loop");
        Assert.Equal(Starts().Order(StringComparer.Ordinal), Lines("server: PID ").Select(l => l.TraceId).Order(StringComparer.Ordinal));
        Assert.All(Lines("server is ").Concat(Lines("Alert ")), l => Assert.Contains(l.TraceId, Starts()));

        List<ReceivedLog> Lines(string start) => [.. receiver.Logs.Where(l => l.Body.StartsWith(start, StringComparison.Ordinal))];
        HashSet<string> Starts() => [.. receiver.Spans.Where(s => s.Name == "monitor.startup server").Select(s => s.TraceId)];
    }
}
