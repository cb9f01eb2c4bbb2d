using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Diagnosis;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Supervision.Tests.Telemetry;

public class SupervisionTelemetryTests
{
    [Fact]
    public void WireNames_EveryValue_IsTheNameInJson()
    {
        Assert.All(Enum.GetValues<StartupStage>(), v => Assert.Equal(Json(v), WireNames.Of(v)));
        Assert.All(Enum.GetValues<StartupVerdict>(), v => Assert.Equal(Json(v), WireNames.Of(v)));
        Assert.All(Enum.GetValues<StartupReason>(), v => Assert.Equal(Json(v), WireNames.Of(v)));
        Assert.All(Enum.GetValues<StopVerdict>(), v => Assert.Equal(Json(v), WireNames.Of(v)));
        Assert.All(Enum.GetValues<InspectionVerdict>(), v => Assert.Equal(Json(v), WireNames.Of(v)));
        Assert.All(Enum.GetValues<AlertKind>(), v => Assert.Equal(Json(v), WireNames.Of(v)));
        Assert.All(Enum.GetValues<CheckName>(), v => Assert.Equal(Json(v), WireNames.Of(v)));
        Assert.All(Enum.GetValues<FindingSeverity>(), v => Assert.Equal(Json(v), WireNames.Of(v)));

        static string? Json<T>(T value) => JsonSerializer.SerializeToElement(value).GetString();
    }

    [Fact]
    public void EndStartup_FailedStart_MarksTheSpanAndCountsStagesAndReason()
    {
        var name = $"telemetry-{Guid.NewGuid():N}";
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "MonitorAspire.Supervision",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        using var metrics = new MetricsOf(name);

        var startup = SupervisionTelemetry.StartStartup(new DaemonSpec { Name = name, Port = 8768 }, attempt: 3);
        Assert.NotNull(startup);
        using (var stage = SupervisionTelemetry.StartStage(StartupStage.PortBound))
        {
            Assert.NotNull(stage);
            Assert.Equal("monitor.startup.port_bound", stage.OperationName);
            Assert.Equal(startup.SpanId, stage.ParentSpanId);
        }

        SupervisionTelemetry.EndStartup(startup, new StartupReport
        {
            Name = name,
            Host = "127.0.0.1",
            Port = 8769,
            Verdict = StartupVerdict.Failed,
            Stage = StartupStage.PortBound,
            Reason = StartupReason.PortOwnedByOther,
            Detail = "somebody else has it",
            Pid = 4711,
            Stages = [new(StartupStage.Preflight, 4), new(StartupStage.PortBound, 1500)],
            TotalMs = 1600,
            StartedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        });
        startup.Dispose();

        Assert.Equal("monitor.startup", startup.OperationName);
        Assert.Equal(ActivityStatusCode.Error, startup.Status);
        Assert.Equal("somebody else has it", startup.StatusDescription);
        Assert.Equal(name, startup.GetTagItem("monitor.daemon.name"));
        Assert.Equal(8769, startup.GetTagItem("monitor.daemon.port"));
        Assert.Equal(3, startup.GetTagItem("monitor.startup.attempt"));
        Assert.Equal("failed", startup.GetTagItem("monitor.startup.outcome"));
        Assert.Equal("port-owned-by-other", startup.GetTagItem("error.type"));
        Assert.Equal(4711, startup.GetTagItem("process.pid"));
        Assert.Equal("2026-01-02T03:04:05.0000000Z", startup.GetTagItem("process.creation.time"));
        Assert.Equal(
            [
                "monitor.startup.attempts 1 error.type=port-owned-by-other monitor.startup.outcome=failed",
                "monitor.startup.duration 0.004 monitor.startup.outcome=verified monitor.startup.stage=preflight",
                "monitor.startup.duration 1.5 monitor.startup.outcome=failed monitor.startup.stage=port_bound",
                "monitor.startup.duration 1.6 monitor.startup.outcome=failed monitor.startup.stage=total",
            ],
            metrics.Lines);
    }

    [Fact]
    public void EndStartup_VerifiedStart_HasNoErrorType()
    {
        var name = $"telemetry-{Guid.NewGuid():N}";
        using var metrics = new MetricsOf(name);

        SupervisionTelemetry.EndStartup(null, new StartupReport { Name = name, Host = "::1", Port = 1, Verdict = StartupVerdict.Verified, TotalMs = 20 });

        Assert.Equal(
            [
                "monitor.startup.attempts 1 monitor.startup.outcome=verified",
                "monitor.startup.duration 0.02 monitor.startup.outcome=verified monitor.startup.stage=total",
            ],
            metrics.Lines);
    }

    [Fact]
    public void UpGauge_FleetGone_IsObservedNoMore()
    {
        var name = $"telemetry-{Guid.NewGuid():N}";
        using var metrics = new MetricsOf(name);
        using (UpGauge.Register(() => [new Measurement<int>(1, new KeyValuePair<string, object?>("monitor.daemon.name", name))]))
        {
            metrics.Observe();
        }

        metrics.Observe();
        Assert.Equal(["monitor.daemon.up 1"], metrics.Lines);
    }
}
