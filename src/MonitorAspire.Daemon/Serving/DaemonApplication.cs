using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using MonitorAspire.Daemon.Settings;
using MonitorAspire.ServiceDefaults;

namespace MonitorAspire.Daemon.Serving;

internal static class DaemonApplication
{
    internal const string Service = "monitor-aspire-daemon";

    /// <summary>Builds the application. It does not listen yet.</summary>
    internal static WebApplication Build(DaemonSettings settings, TimeProvider time)
    {
        // An empty builder reads no appsettings.json of the working directory and watches no files.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = Service,
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.Configuration.AddEnvironmentVariables();
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoSignalsLifetime>();
        builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            ListenAddresses.Apply(kestrel, settings.Host, settings.Port);
        });

        // A daemon makes no HTTP requests and has no exporter but OTLP. Without the rest it starts faster.
        builder.AddServiceDefaults(defaults =>
        {
            defaults.HttpClients = false;
            defaults.TelemetryWithoutOtlp = false;
            defaults.ServiceName = settings.Name;
        });

        // These log a failed start with a stack trace. The daemon reports it in one line.
        builder.Logging
            .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None)
            .AddFilter("Microsoft.AspNetCore.Server.Kestrel", static level => level is >= LogLevel.Warning and < LogLevel.Critical);

        var app = builder.Build();
        var since = time.GetTimestamp();
        app.MapDefaultEndpoints((context, report) => WriteAsync(
            context, HealthAnswer.Of(report.Status, Service, settings.Port, time.GetElapsedTime(since)), AnswersJson.Default.HealthAnswer));
        var self = new SelfDescription(Service, settings.Name, ProductVersion.Text, ["/health", "/alive"]);
        app.MapGet("/", new RequestDelegate(context => WriteAsync(context, self, AnswersJson.Default.SelfDescription)));
        return app;
    }

    private static Task WriteAsync<T>(HttpContext context, T answer, JsonTypeInfo<T> type)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(answer, type);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    // StopSignal handles the signals, so the host must not.
    private sealed class NoSignalsLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

internal sealed record SelfDescription(string Service, string Name, string Version, IReadOnlyList<string> Endpoints);

// Without the metadata for reading, because building it would take a tenth of the time to the first answer.
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(SelfDescription))]
internal sealed partial class AnswersJson : JsonSerializerContext;
