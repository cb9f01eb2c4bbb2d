using System.Text.Json;
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

        // It calls nobody, so it needs no HTTP clients.
        builder.AddServiceDefaults(defaults =>
        {
            defaults.HttpClients = false;
            defaults.ServiceName = settings.Name;
        });

        // What they say about a failed start, with stack traces, is said by us in one line.
        builder.Logging
            .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None)
            .AddFilter("Microsoft.AspNetCore.Server.Kestrel", static level => level is >= LogLevel.Warning and < LogLevel.Critical);

        var app = builder.Build();
        var answers = new Answers(settings, time);
        app.MapDefaultEndpoints(async (context, report) =>
        {
            context.Response.ContentType = "application/json";
            await JsonSerializer.SerializeAsync(context.Response.Body, answers.Health(report.Status), AnswersJson.Default.HealthAnswer, context.RequestAborted);
        });
        app.MapGet("/", new RequestDelegate(async context =>
        {
            context.Response.ContentType = "application/json";
            await JsonSerializer.SerializeAsync(context.Response.Body, answers.Self, AnswersJson.Default.SelfDescription, context.RequestAborted);
        }));
        return app;
    }

    // Signals are ours from the first moment on (StopRequest), so the host has nothing to wait for.
    private sealed class QuietLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
