using System.Collections.Immutable;
using System.Diagnostics.Metrics;

namespace MonitorAspire.Supervision.Telemetry;

/// <summary>The gauge <c>monitor.daemon.up</c>. It is observable, so a daemon that was removed from the fleet disappears from it.</summary>
internal static class UpGauge
{
    private static ImmutableList<Func<IEnumerable<Measurement<int>>>> _sources = [];

    // A field, so that the instrument is created once.
    private static readonly ObservableGauge<int> Gauge = SupervisionTelemetry.Meter.CreateObservableGauge(
        MetricNames.DaemonUp, Observe, "1", "1 for a daemon that is verified and healthy, 0 otherwise.");

    /// <summary>Observes a fleet until the result is disposed of.</summary>
    /// <param name="observe">The values, one for each daemon.</param>
    public static IDisposable Register(Func<IEnumerable<Measurement<int>>> observe)
    {
        _ = Gauge;
        ImmutableInterlocked.Update(ref _sources, static (list, item) => list.Add(item), observe);
        return new Registration(observe);
    }

    private static IEnumerable<Measurement<int>> Observe() => _sources.SelectMany(observe => observe());

    private sealed class Registration(Func<IEnumerable<Measurement<int>>> observe) : IDisposable
    {
        public void Dispose() => ImmutableInterlocked.Update(ref _sources, static (list, item) => list.Remove(item), observe);
    }
}
