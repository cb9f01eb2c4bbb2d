using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace MonitorAspire.Testing.Telemetry;

/// <summary>
/// Reads the parts of the protocol buffers that the tests need
/// (https://github.com/open-telemetry/opentelemetry-proto, trace/v1/trace.proto and logs/v1/logs.proto).
/// </summary>
internal static class SpanReader
{
    /// <summary>The spans of an ExportTraceServiceRequest.</summary>
    public static IEnumerable<ReceivedSpan> Read(byte[] request)
    {
        // ExportTraceServiceRequest.resource_spans = 1; ResourceSpans.resource = 1, .scope_spans = 2; ScopeSpans.spans = 2.
        foreach (var resourceSpans in Fields(request, 1))
        {
            var service = Fields(resourceSpans, 1).SelectMany(r => Attributes(r, 1)).ToDictionary().GetValueOrDefault("service.name", "");
            foreach (var span in Fields(resourceSpans, 2).SelectMany(scope => Fields(scope, 2)))
            {
                yield return new ReceivedSpan(
                    service,
                    Encoding.UTF8.GetString(Fields(span, 5).Single()),
                    Convert.ToHexStringLower(Fields(span, 1).Single()),
                    Convert.ToHexStringLower(Fields(span, 2).Single()),
                    Convert.ToHexStringLower(Fields(span, 4).FirstOrDefault([])),
                    BinaryPrimitives.ReadUInt64LittleEndian(Fields(span, 7).Single()),
                    BinaryPrimitives.ReadUInt64LittleEndian(Fields(span, 8).Single()),
                    Attributes(span, 9).ToDictionary(),
                    // Status.code = 3; 2 is an error.
                    Fields(span, 15).SelectMany(s => Fields(s, 3)).Any(c => c is [2]));
            }
        }
    }

    /// <summary>The log records of an ExportLogsServiceRequest.</summary>
    public static IEnumerable<ReceivedLog> ReadLogs(byte[] request) =>
        // ExportLogsServiceRequest.resource_logs = 1; ResourceLogs.scope_logs = 2; ScopeLogs.log_records = 2; LogRecord.body = 5, .trace_id = 9.
        Fields(request, 1).SelectMany(resource => Fields(resource, 2)).SelectMany(scope => Fields(scope, 2)).Select(record => new ReceivedLog(
            Fields(record, 5).SelectMany(body => Fields(body, 1)).Select(Encoding.UTF8.GetString).FirstOrDefault(""),
            Convert.ToHexStringLower(Fields(record, 9).FirstOrDefault([]))));

    private static IEnumerable<KeyValuePair<string, string>> Attributes(byte[] message, int field)
    {
        foreach (var attribute in Fields(message, field))
        {
            // KeyValue.key = 1, .value = 2; AnyValue.string_value = 1, .int_value = 3.
            var key = Encoding.UTF8.GetString(Fields(attribute, 1).Single());
            var value = Fields(attribute, 2).Single();
            var text = Fields(value, 1).Select(Encoding.UTF8.GetString).FirstOrDefault() ?? Fields(value, 3).Select(Varint).FirstOrDefault() ?? "";
            yield return KeyValuePair.Create(key, text);
        }
    }

    private static string Varint(byte[] bytes) => bytes.Select((b, i) => (long)(b & 0x7F) << (7 * i)).Sum().ToString(CultureInfo.InvariantCulture);

    // A field begins with its tag, a varint of number and wire type (0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes).
    private static List<byte[]> Fields(byte[] message, int number)
    {
        var found = new List<byte[]>();
        var at = 0;
        while (at < message.Length)
        {
            var tag = ReadVarint(message, ref at);
            var start = at;
            var length = (tag & 7) switch
            {
                0 => SkipVarint(message, at),
                1 => 8,
                2 => (int)ReadVarint(message, ref start),
                5 => 4,
                var type => throw new InvalidDataException($"wire type {type}"),
            };
            if ((int)(tag >> 3) == number)
            {
                found.Add(message[start..(start + length)]);
            }

            at = start + length;
        }

        return found;
    }

    private static int SkipVarint(byte[] message, int at)
    {
        var start = at;
        ReadVarint(message, ref at);
        return at - start;
    }

    private static ulong ReadVarint(byte[] message, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var b = message[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }
    }
}
