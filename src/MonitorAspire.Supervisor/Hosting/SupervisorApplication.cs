using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Logging.Console;
using MonitorAspire.ServiceDefaults;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Diagnosis;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervisor.Events;
using MonitorAspire.Supervisor.Fleet;
using MonitorAspire.Supervisor.Fleet.History;
using MonitorAspire.Supervisor.Launcher;
using MonitorAspire.Supervisor.Logs;
using MonitorAspire.Supervisor.Rest;
using MonitorAspire.Supervisor.Security;
using MonitorAspire.Supervisor.Settings;
using MonitorAspire.Supervisor.Web;

namespace MonitorAspire.Supervisor.Hosting;

internal static partial class SupervisorApplication
{
    // What the container makes for this program only.
    private static void NameTypes()
    {
        ContainerTypes.NameOptions<ConsoleLifetimeOptions>();
        ContainerTypes.NameOptions<HostFilteringOptions>();
        ContainerTypes.NameOptions<JsonOptions>();
        ContainerTypes.NameOptions<OpenApiOptions>();
        ContainerTypes.NameOptions<ProblemDetailsOptions>();
        ContainerTypes.NameOptions<StatusCodePagesOptions>();
        ContainerTypes.NameLogger<AbandonedCheckStop>();
        ContainerTypes.NameLogger<AlertWebhook>();
        ContainerTypes.NameLogger<DaemonEngine>();
        ContainerTypes.NameLogger<FleetDefinition>();
        ContainerTypes.NameLogger<FleetHistory>();
        ContainerTypes.NameLogger<FleetReload>();
        ContainerTypes.NameLogger<FleetService>();
        ContainerTypes.NameLogger<FleetSupervisor>();
        ContainerTypes.NameLogger<HostFilteringMiddleware>();
        ContainerTypes.NameLogger<ParentWatch>();
        ContainerTypes.NameLogger<StateDirectoryWatch>();
    }

    /// <summary>Adds everything but the fleet.</summary>
    internal static void AddSupervisor(this WebApplicationBuilder builder, SupervisorSettings settings)
    {
        NameTypes();
        builder.AddServiceDefaults(static defaults =>
        {
            defaults.HttpClients = false;
            defaults.ServiceName = "monitor-supervisor";
            defaults.UntracedPaths = ["/aspire.v1.DashboardService", "/api/events", "/api/launcher"];
        });
        builder.Services.AddSystemd();

        // After that, because it chooses a formatter as well.
        builder.Logging.AddConsole(static console => console.FormatterName = VisibleConsoleFormatter.FormatterName);
        builder.Services.AddSingleton<ConsoleFormatter, VisibleConsoleFormatter>();
        builder.Services.AddWindowsService();

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = SupervisorSettings.MaximumBodyBytes;
            foreach (var address in settings.Addresses)
            {
                ListenAddresses.Apply(kestrel, address.Host, address.Port);
            }
        });

        builder.WebHost.LimitConnections(ConnectionLimits.Connections);

        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(static services => FleetHistory.Open(
            services.GetRequiredService<SupervisorSettings>().Files.History,
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<FleetHistory>>()));
        builder.Services.AddSingleton(static services => new Doctor(
            new EngineOptions { StateDirectory = services.GetRequiredService<SupervisorSettings>().StateDirectory }, services.GetRequiredService<TimeProvider>())
        {
            SecretsOf = name => services.GetService<FleetDefinition>()?.Find(name) is { } found ? Secrets.Of(found.Definition) : null,
        });
        builder.Services.AddSingleton(static _ => new OpenStreams(ConnectionLimits.Streams));
        builder.Services.AddSingleton(static services => services.GetRequiredService<IFleetControl>().Fleet);
        builder.Services.AddHostedService<FleetService>();
        builder.Services.AddHostedService<ParentWatch>();
        builder.Services.AddHostedService<OrphanReaping>();
        builder.Services.AddHostedService<AbandonedCheckStop>();

        builder.Services.AddProblemDetails();
        builder.Services.ConfigureHttpJsonOptions(static http =>
        {
            http.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
            http.SerializerOptions.TypeInfoResolverChain.Insert(0, SupervisorJson.Default);
            http.SerializerOptions.TypeInfoResolverChain.Insert(0, ProblemJson.Default);
            http.SerializerOptions.TypeInfoResolverChain.Insert(0, SupervisionJson.Default);
            http.SerializerOptions.TypeInfoResolverChain.Add(FleetJson.Default);
        });
        builder.Services.Configure<RouteHandlerOptions>(static routes => routes.ThrowOnBadRequest = true);
        builder.Services.AddOpenApi(OpenApiDescription.Configure);

        // The program reports a failed start in one line instead of stack traces. Bad requests are not errors of the supervisor.
        builder.Logging
            .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None)
            .AddFilter("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LogLevel.None)
            .AddFilter("Microsoft.AspNetCore.Server.Kestrel", static level => level is >= LogLevel.Warning and < LogLevel.Critical);
    }

    /// <summary>Adds middleware and endpoints: errors, host, token, body limit, endpoint.</summary>
    internal static void UseSupervisor(this WebApplication app, SupervisorToken token)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandler = HandleAsync, AllowStatusCode404Response = true });
        app.UseOwnHosts(app.Services.GetRequiredService<SupervisorSettings>());
        app.UseToken(token);
        app.Use(static (context, next) => context.Request.ContentLength > SupervisorSettings.MaximumBodyBytes
            ? Problems.Write(context, StatusCodes.Status413PayloadTooLarge, $"The body may have {SupervisorSettings.MaximumBodyBytes} bytes at most.")
            : next(context));
        app.UseStatusCodePages();

        // An unhealthy daemon does not make the supervisor unhealthy.
        var time = app.Services.GetRequiredService<TimeProvider>();
        var since = time.GetTimestamp();
        app.MapDefaultEndpoints((context, report) => context.Response.WriteAsJsonAsync(
            HealthAnswer.Of(report.Status, SupervisorSettings.ProgramName, context.Connection.LocalPort, time.GetElapsedTime(since)),
            SupervisorJson.Default.HealthAnswer,
            cancellationToken: context.RequestAborted));
        app.MapDaemons();
        app.MapDiagnosis();
        app.MapDefinitions();
        app.MapLogs();
        app.MapEvents();
        app.MapSummary();
        app.MapReload();
        if (app.Services.GetService<LauncherLink>() is not null)
        {
            app.MapLauncher();
        }

        app.MapOpenApi();
    }

    private static Task HandleAsync(HttpContext context)
    {
        var exception = context.Features.Get<IExceptionHandlerFeature>()?.Error;
        var (status, detail) = Problems.Explain(exception);
        if (status == StatusCodes.Status500InternalServerError && exception is not null)
        {
            LogFailed(context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(SupervisorSettings.ProgramName), exception, context.Request.Method, context.Request.Path);
        }

        return Problems.Write(context, status, detail);
    }

    [LoggerMessage(21, LogLevel.Error, "{Method} {Path} failed")]
    private static partial void LogFailed(ILogger logger, Exception exception, string method, string path);
}
