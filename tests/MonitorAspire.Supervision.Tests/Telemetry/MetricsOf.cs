using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Supervision.Tests.Telemetry;

/// <summary>The measurements of one daemon as text. The meter is static, so tests that run in parallel need different names.</summary>
internal sealed class MetricsOf : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly string _daemon;

    public MetricsOf(string daemon)
    {
        _daemon = daemon;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == SupervisionTelemetry.SourceName)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    public IReadOnlyList<string> Lines => [.. _lines];

    public void Observe() => _listener.RecordObservableInstruments();

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, IFormattable value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var all = tags.ToArray();
        if (!all.Any(t => t.Key == AttributeNames.DaemonName && Equals(t.Value, _daemon)))
        {
            return;
        }

        var others = all.Where(t => t.Key != AttributeNames.DaemonName).OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => $"{t.Key}={t.Value}");
        _lines.Enqueue(string.Join(' ', [instrument.Name, value.ToString(null, CultureInfo.InvariantCulture), .. others]));
    }
}
