using System.Diagnostics;
using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Startup;

/// <summary>The spans and measurements of a start.</summary>
internal static class StartupTelemetry
{
    internal static readonly ActivitySource Source = new("MonitorAspire.Supervision");

    internal static Activity? BeginStartup(string name, int port, int attempt) => Source.StartActivity("monitor.startup")?
        .SetTag("monitor.daemon.name", name)
        .SetTag("monitor.daemon.port", port)
        .SetTag("monitor.startup.attempt", attempt);

    internal static Activity? BeginStage(StartupStage stage, Activity? startup) =>
        startup is null ? null : Source.StartActivity("monitor.startup." + stage, ActivityKind.Internal, startup.Context);

    internal static void EndStage(Activity? span, StartupStage stage, StartupReason? failure, TimeSpan duration)
    {
        _ = (stage, failure, duration);
        span?.Dispose();
    }

    internal static void EndStartup(
        Activity? startup, StartupVerdict verdict, StartupReason? reason, string? detail, ProcessIdentity? identity, DateTimeOffset? createdAt, int port, TimeSpan duration)
    {
        _ = (verdict, reason, detail, identity, createdAt, port, duration);
        startup?.Dispose();
    }
}
