using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace MonitorAspire.Supervision.Telemetry;

/// <summary>
/// Spans and metrics of the engine, under the name <see cref="SourceName"/>. They are static, as in the .NET libraries, and cost nothing without
/// a listener.
/// </summary>
public static class SupervisionTelemetry
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string SourceName = "MonitorAspire.Supervision";

    private const string TotalStage = "total";

    // A stage takes between less than a millisecond (an existing PID file) and 30 s (the default time limit).
    private static readonly InstrumentAdvice<double> StartupBuckets = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60],
    };

    // The default time limit of a health request is 2 s.
    private static readonly InstrumentAdvice<double> HealthBuckets = new()
    {
        HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
    };

    private static readonly string Version = typeof(SupervisionTelemetry).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>The activity source.</summary>
    public static ActivitySource Source { get; } = new(SourceName, Version);

    /// <summary>The meter.</summary>
    public static Meter Meter { get; } = new(SourceName, Version);

    /// <summary>Duration of the stages of starts, in seconds.</summary>
    public static Histogram<double> StartupDuration { get; } = Meter.CreateHistogram(
        MetricNames.StartupDuration, "s", "Duration of a verified start and of each of its stages.", tags: null, StartupBuckets);

    /// <summary>Number of starts.</summary>
    public static Counter<long> StartupAttempts { get; } = Meter.CreateCounter<long>(
        MetricNames.StartupAttempts, "{attempt}", "Starts by their outcome.");

    /// <summary>Number of automatic restarts.</summary>
    public static Counter<long> DaemonRestarts { get; } = Meter.CreateCounter<long>(
        MetricNames.DaemonRestarts, "{restart}", "Automatic restarts.");

    /// <summary>Duration of the health requests of running daemons, in seconds.</summary>
    public static Histogram<double> HealthDuration { get; } = Meter.CreateHistogram(
        MetricNames.HealthDuration, "s", "Duration of the health request of a running daemon.", tags: null, HealthBuckets);

    /// <summary>Alerts that fired and that were resolved.</summary>
    public static Counter<long> Alerts { get; } = Meter.CreateCounter<long>(
        MetricNames.Alerts, "{alert}", "Alerts that fired and that were resolved.");

    /// <summary>Begins the span of a start; its parent is the current activity. Dispose it after <see cref="EndStartup"/>.</summary>
    /// <param name="spec">The daemon.</param>
    /// <param name="attempt">Number of this try, counted from 1.</param>
    /// <param name="traceParent">W3C trace context of the parent. Default: the current activity. An invalid one is ignored.</param>
    /// <param name="beganAt">When the start began. Default now.</param>
    /// <returns>The span, or <see langword="null"/> without a listener. Its display name ends in the name of the daemon.</returns>
    public static Activity? StartStartup(DaemonSpec spec, int attempt, string? traceParent = null, DateTimeOffset beganAt = default)
    {
        ArgumentNullException.ThrowIfNull(spec);
        _ = ActivityContext.TryParse(traceParent, null, isRemote: true, out var parent);
        var activity = Source.StartActivity(SpanNames.Startup, ActivityKind.Internal, parent, tags: null, links: null, beganAt);
        if (activity is not null)
        {
            // Traces of several daemons stand in one list.
            activity.DisplayName = $"{SpanNames.Startup} {spec.Name}";
        }

        activity?.SetTag(AttributeNames.DaemonName, spec.Name);
        activity?.SetTag(AttributeNames.DaemonPort, spec.Port);
        activity?.SetTag(AttributeNames.StartupAttempt, attempt);
        return activity;
    }

    /// <summary>Begins the span of a stage as a child of the current activity. Dispose it when the stage ends.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="beganAt">When the stage began. Default now.</param>
    /// <returns>The span, or <see langword="null"/> without a listener.</returns>
    public static Activity? StartStage(StartupStage stage, DateTimeOffset beganAt = default)
    {
        var name = stage switch
        {
            StartupStage.Preflight => SpanNames.Preflight,
            StartupStage.Spawn => SpanNames.Spawn,
            StartupStage.PidFile => SpanNames.PidFile,
            StartupStage.PortBound => SpanNames.PortBound,
            StartupStage.Health => SpanNames.Health,
            _ => throw new ArgumentOutOfRangeException(nameof(stage), stage, null),
        };
        return Source.StartActivity(name, ActivityKind.Internal, parentContext: default, tags: null, links: null, beganAt);
    }

    /// <summary>Marks a span as failed.</summary>
    /// <param name="activity">The span of a start or of a stage, or <see langword="null"/>.</param>
    /// <param name="reason">The reason.</param>
    /// <param name="detail">What was seen, for people.</param>
    public static void Fail(Activity? activity, StartupReason reason, string? detail)
    {
        activity?.SetTag(AttributeNames.ErrorType, WireNames.Of(reason));
        activity?.SetStatus(ActivityStatusCode.Error, detail);
    }

    /// <summary>
    /// Writes the outcome into the span of a start, and measures one attempt, the duration of each stage, and the total duration. Call it once for
    /// each start, with or without a span.
    /// </summary>
    /// <param name="activity">The span from <see cref="StartStartup"/>.</param>
    /// <param name="report">The report.</param>
    public static void EndStartup(Activity? activity, StartupReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var outcome = WireNames.Of(report.Verdict);
        if (activity is not null)
        {
            activity.SetTag(AttributeNames.DaemonPort, report.Port);
            activity.SetTag(AttributeNames.StartupOutcome, outcome);
            if (report.Pid is { } pid)
            {
                activity.SetTag(AttributeNames.ProcessPid, pid);
            }

            if (report.StartedAt is { } startedAt)
            {
                activity.SetTag(AttributeNames.ProcessCreationTime, startedAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            }

            if (report.Verdict == StartupVerdict.Failed)
            {
                Fail(activity, report.Reason ?? StartupReason.TimedOut, report.Detail);
            }
        }

        var tags = new TagList
        {
            { AttributeNames.DaemonName, report.Name },
            { AttributeNames.StartupOutcome, outcome },
        };

        // By OpenTelemetry's conventions there is no error.type without a failure.
        if (report is { Verdict: StartupVerdict.Failed, Reason: { } reason })
        {
            tags.Add(AttributeNames.ErrorType, WireNames.Of(reason));
        }

        StartupAttempts.Add(1, tags);
        foreach (var timing in report.Stages)
        {
            // In a failed start only the last stage has failed.
            var stageFailed = report.Verdict == StartupVerdict.Failed && timing.Stage == report.Stage;
            RecordDuration(report.Name, WireNames.Of(timing.Stage), stageFailed ? outcome : WireNames.Of(StartupVerdict.Verified), timing.Ms);
        }

        RecordDuration(report.Name, TotalStage, outcome, report.TotalMs);
    }

    private static void RecordDuration(string name, string stage, string outcome, double ms) => StartupDuration.Record(
        ms / 1000,
        new TagList
        {
            { AttributeNames.DaemonName, name },
            { AttributeNames.StartupStage, stage },
            { AttributeNames.StartupOutcome, outcome },
        });
}
