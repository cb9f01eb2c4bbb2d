using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using MonitorAspire.Testing;

namespace MonitorAspire.Daemon.Tests.Telemetry;

/// <summary>
/// A collector: takes OTLP over HTTP and reads of the protocol buffers what the tests ask for
/// (https://github.com/open-telemetry/opentelemetry-proto, trace/v1/trace.proto).
/// </summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ReceivedSpan> _spans = new();
    private readonly ConcurrentQueue<string> _paths = new();

    private OtlpReceiver(WebApplication app) => _app = app;

    public int Port { get; private init; }

    public IReadOnlyCollection<ReceivedSpan> Spans => _spans;

    /// <summary>Which signals came, as paths.</summary>
    public IReadOnlyCollection<string> Paths => _paths;

    /// <summary>What a daemon that is to export here gets.</summary>
    public Dictionary<string, string?> Environment => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://127.0.0.1:{Port}",
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_SERVICE_NAME"] = "alpha",
    };

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var receiver = new OtlpReceiver(app) { Port = FreePort.Next() };
        app.Run(receiver.ReceiveAsync);
        app.Urls.Add($"http://127.0.0.1:{receiver.Port}");
        await app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var path = context.Request.Path.Value!;
        _paths.Enqueue(path);
        if (path == "/v1/traces")
        {
            Read(body.ToArray());
        }

        context.Response.ContentType = "application/x-protobuf";
    }

    private void Read(byte[] request)
    {
        // ExportTraceServiceRequest.resource_spans = 1; ResourceSpans.resource = 1, .scope_spans = 2; ScopeSpans.spans = 2.
        foreach (var resourceSpans in Fields(request, 1))
        {
            var service = Fields(resourceSpans, 1).SelectMany(r => Attributes(r, 1)).ToDictionary().GetValueOrDefault("service.name", "");
            foreach (var span in Fields(resourceSpans, 2).SelectMany(scope => Fields(scope, 2)))
            {
                _spans.Enqueue(new ReceivedSpan(
                    service,
                    Encoding.UTF8.GetString(Fields(span, 5).Single()),
                    Convert.ToHexStringLower(Fields(span, 1).Single()),
                    Convert.ToHexStringLower(Fields(span, 4).FirstOrDefault([])),
                    BinaryPrimitives.ReadUInt64LittleEndian(Fields(span, 7).Single()),
                    BinaryPrimitives.ReadUInt64LittleEndian(Fields(span, 8).Single()),
                    Attributes(span, 9).ToDictionary(),
                    // Status.code = 3; 2 is an error.
                    Fields(span, 15).SelectMany(s => Fields(s, 3)).Any(c => c is [2])));
            }
        }
    }

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

    private static string Varint(byte[] bytes) => bytes.Select((b, i) => (long)(b & 0x7F) << (7 * i)).Sum().ToString(System.Globalization.CultureInfo.InvariantCulture);

    // Field by field: the tag is a varint of number and wire type (0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes).
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

/// <summary>A span as it arrived.</summary>
internal sealed record ReceivedSpan(
    string Service, string Name, string TraceId, string ParentSpanId, ulong Start, ulong End, IReadOnlyDictionary<string, string> Attributes, bool Failed);
