using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MonitorAspire.Daemon.Settings;
using MonitorAspire.ServiceDefaults;

namespace MonitorAspire.Daemon.Serving;

/// <summary>The web application of one daemon.</summary>
internal static class DaemonApplication
{
    /// <summary>Makes it; it listens nowhere yet.</summary>
    internal static WebApplication Build(DaemonSettings settings, TimeProvider time)
    {
        // Empty, and then only what is used: no appsettings.json of whatever directory this was started in, no file watcher.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = Answers.Service,
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.Configuration.AddEnvironmentVariables();
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, QuietLifetime>();
        builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            ListenAddresses.Apply(kestrel, settings.Host, settings.Port);
        });

        // It calls nobody and has no exporter of its own; what it does not use is not on its way to readiness.
        builder.AddServiceDefaults(defaults =>
        {
            defaults.HttpClients = false;
            defaults.TelemetryWithoutOtlp = false;
            defaults.ServiceName = settings.Name;
        });

        // What they say about a failed start, with stack traces, is said by us in one line.
        builder.Logging
            .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None)
            .AddFilter("Microsoft.AspNetCore.Server.Kestrel", static level => level is >= LogLevel.Warning and < LogLevel.Critical);

        var app = builder.Build();
        var answers = new Answers(settings, time);
        app.MapDefaultEndpoints((context, report) => WriteAsync(context, answers.Health(report.Status), AnswersJson.Default.HealthAnswer));
        app.MapGet("/", new RequestDelegate(context => WriteAsync(context, answers.Self, AnswersJson.Default.SelfDescription)));
        return app;
    }

    private static Task WriteAsync<T>(HttpContext context, T answer, JsonTypeInfo<T> type)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(answer, type);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    // Signals are ours from the first moment on (StopRequest), so the host has nothing to wait for.
    private sealed class QuietLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
