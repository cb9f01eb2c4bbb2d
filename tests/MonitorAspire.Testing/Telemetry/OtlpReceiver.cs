using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace MonitorAspire.Testing.Telemetry;

/// <summary>A collector that receives OTLP over HTTP and over gRPC, and keeps spans and log records.</summary>
public sealed class OtlpReceiver : IAsyncDisposable
{
    // A gRPC message begins with one byte for compression and four bytes for the length.
    private const int GrpcPrefix = 5;
    private const string GrpcPath = "/opentelemetry.proto.collector.";

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ReceivedSpan> _spans = new();
    private readonly ConcurrentQueue<ReceivedLog> _logs = new();
    private readonly ConcurrentQueue<string> _paths = new();
    private readonly TaskCompletionSource _answering = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OtlpReceiver()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ListenLocalhost(HttpUrl.Port);
            kestrel.ListenLocalhost(GrpcUrl.Port, static listen => listen.Protocols = HttpProtocols.Http2);
        });
        _app = builder.Build();
        _app.Run(ReceiveAsync);
    }

    /// <summary>Endpoint for OTLP over HTTP.</summary>
    public Uri HttpUrl { get; } = new($"http://127.0.0.1:{FreePort.Next()}");

    /// <summary>Endpoint for OTLP over gRPC. It has its own port, because without TLS HTTP/1.1 and HTTP/2 cannot share one.</summary>
    public Uri GrpcUrl { get; } = new($"http://127.0.0.1:{FreePort.Next()}");

    /// <summary>The received spans, in the order of arrival.</summary>
    public IReadOnlyCollection<ReceivedSpan> Spans => _spans;

    /// <summary>The received log records, in the order of arrival.</summary>
    public IReadOnlyCollection<ReceivedLog> Logs => _logs;

    /// <summary>The paths of the received requests, as in <c>/v1/traces</c>.</summary>
    public IReadOnlyCollection<string> Paths => _paths;

    /// <summary>The environment of a process that exports to this collector over HTTP.</summary>
    public IReadOnlyDictionary<string, string?> Environment => new Dictionary<string, string?>
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = HttpUrl.ToString().TrimEnd('/'),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
    };

    /// <summary>Starts a collector.</summary>
    /// <param name="answers">Whether it answers. If not, it receives everything and lets the senders wait until <see cref="Answer"/>.</param>
    public static async Task<OtlpReceiver> StartAsync(bool answers = true)
    {
        var receiver = new OtlpReceiver();
        if (answers)
        {
            receiver.Answer();
        }

        await receiver._app.StartAsync();
        return receiver;
    }

    /// <summary>Answers all waiting and all later requests.</summary>
    public void Answer() => _answering.TrySetResult();

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        Answer();
        await _app.DisposeAsync();
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var path = context.Request.Path.Value!;
        _paths.Enqueue(path);
        var isGrpc = path.StartsWith(GrpcPath, StringComparison.Ordinal);
        if (path is "/v1/traces" or GrpcPath + "trace.v1.TraceService/Export")
        {
            foreach (var span in SpanReader.Read(body.ToArray()[(isGrpc ? GrpcPrefix : 0)..]))
            {
                _spans.Enqueue(span);
            }
        }

        if (path is "/v1/logs" or GrpcPath + "logs.v1.LogsService/Export")
        {
            foreach (var log in SpanReader.ReadLogs(body.ToArray()[(isGrpc ? GrpcPrefix : 0)..]))
            {
                _logs.Enqueue(log);
            }
        }

        await _answering.Task.WaitAsync(context.RequestAborted);
        context.Response.ContentType = isGrpc ? "application/grpc" : "application/x-protobuf";
        if (isGrpc)
        {
            // An empty message, and the status for success.
            context.Response.DeclareTrailer("grpc-status");
            await context.Response.Body.WriteAsync(new byte[GrpcPrefix]);
            context.Response.AppendTrailer("grpc-status", "0");
        }
    }
}
