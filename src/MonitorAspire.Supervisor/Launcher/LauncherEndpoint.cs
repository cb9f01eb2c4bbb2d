using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Launcher;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervisor.Security;
using MonitorAspire.Supervisor.Settings;
using MonitorAspire.Supervisor.Web;

namespace MonitorAspire.Supervisor.Launcher;

/// <summary>The WebSocket that the launcher of attached daemons connects to.</summary>
internal static class LauncherEndpoint
{
    internal static void AddLauncher(this WebApplicationBuilder builder, SupervisorSettings settings)
    {
        if (settings.HasLauncher)
        {
            AbandonedFiles.Remove(settings.StateDirectory, TimeProvider.System);
            builder.Services.AddSingleton<LauncherLink>();
            builder.Services.AddSingleton<IAttachedDaemonController>(static services => services.GetRequiredService<LauncherLink>().Controller);
        }
    }

    internal static void MapLauncher(this IEndpointRouteBuilder routes)
    {
        var pipeline = routes.CreateApplicationBuilder();
        pipeline.UseWebSockets(new WebSocketOptions { KeepAliveInterval = LauncherConnection.KeepAliveInterval, KeepAliveTimeout = LauncherConnection.KeepAliveTimeout });
        pipeline.Run(ServeAsync);

        // A GET that needs the token: the one who is connected is expected to carry out the requests.
        routes.MapGet(LauncherConnection.Path, pipeline.Build()).WithMetadata(NeedsToken.Instance);
    }

    private static async Task ServeAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            return;
        }

        using var stream = await context.RequestServices.GetRequiredService<OpenStreams>().OpenAsync(context, hasToken: true);
        if (stream is null)
        {
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        await context.RequestServices.GetRequiredService<LauncherLink>().ServeAsync(
            new LauncherConnection(socket), context.RequestServices.GetRequiredService<IFleet>(), stream.Ended);
    }
}
