using System.Net.Sockets;
using MonitorAspire.ServiceDefaults;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervisor.Dashboard;
using MonitorAspire.Supervisor.Fleet;
using MonitorAspire.Supervisor.Fleet.History;
using MonitorAspire.Supervisor.Hosting;
using MonitorAspire.Supervisor.Launcher;
using MonitorAspire.Supervisor.Security;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor;

/// <summary>Runs the supervisor. If it cannot start, one line on stderr says why.</summary>
internal static partial class SupervisorProgram
{
    internal static async Task<int> RunAsync(string[] args)
    {
        try
        {
            var commandLine = CommandLine.Read(args);
            if (commandLine.Print is { } text)
            {
                Console.WriteLine(text);
                return ExitCodes.Success;
            }

            return await RunAsync(commandLine);
        }
        catch (ConfigurationException e)
        {
            return Refuse(ExitCodes.Usage, e.Message);
        }
    }

    private static async Task<int> RunAsync(CommandLine commandLine)
    {
        var setup = new ConfigurationSetup(commandLine);
        var builder = setup.CreateBuilder();
        builder.Services.AddSingleton(setup);
        var fleet = await MonitorsReader.ReadFleetAsync(builder.Configuration);
        var settings = SupervisorSettings.Read(builder.Configuration, fleet.Monitors);

        SupervisorLock? instance;
        SupervisorToken token;
        ResolvedFleet resolved;
        try
        {
            StateDirectory.Create(settings.Files.Directory);
            using (settings.IsTemporary ? await TemporaryFiles.CleanAsync(settings.Files) : null)
            {
                instance = SupervisorLock.TryTake(settings.Files.Lock, out var holder);
                if (instance is null)
                {
                    return Refuse(ExitCodes.Foreign, $"another supervisor has port {settings.Files.Port} in the state directory {settings.StateDirectory}: {holder}");
                }
            }

            token = SupervisorToken.LoadOrCreate(settings.Files.Token, settings.Token);
            resolved = Resolve(fleet, settings);
            if (instance.Claim([.. resolved.Specs.Where(s => s.Launch == LaunchMode.Supervisor).Select(s => s.Port)]) is { } conflict)
            {
                instance.Dispose();
                return Refuse(ExitCodes.Foreign, conflict);
            }
        }
        catch (UntrustedFileException e)
        {
            return Refuse(ExitCodes.PermissionDenied, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refuse(ExitCodes.PermissionDenied, $"the state directory {settings.StateDirectory} cannot be used: {e.Message}");
        }

        using (instance)
        {
            new PendingWrites(ProcessTable.Current).Delete(settings.StateDirectory, TimeProvider.System.GetUtcNow());
            return await ServeAsync(builder, resolved, settings, token, instance);
        }
    }

    private static ResolvedFleet Resolve(FleetConfiguration configuration, SupervisorSettings settings)
    {
        var file = new OverlayFile(settings.Files.Daemons);
        var resolved = ResolvedFleet.Of(configuration, file.Read(), settings, out var errors);
        return errors.Count == 0 ? resolved
            : resolved.Overlay.IsEmpty ? throw new ConfigurationException(string.Join("; ", errors))
            : throw new ConfigurationException($"{string.Join("; ", errors)} (the changes that were made over the REST API are in {file.FilePath})");
    }

    private static async Task<int> ServeAsync(
        WebApplicationBuilder builder, ResolvedFleet fleet, SupervisorSettings settings, SupervisorToken token, SupervisorLock instance)
    {
        builder.AddSupervisor(settings);
        builder.AddFleet(fleet, settings);
        builder.AddLauncher(settings);
        builder.Services.AddDashboardResourceService(builder.Configuration);
        builder.Services.AddSingleton(instance);
        builder.Services.AddSingleton(token);
        builder.Services.AddHostedService<StateDirectoryWatch>();
        WebApplication app;
        try
        {
            app = builder.Build();
        }
        catch (SocketException e)
        {
            // The server resolves the names of its addresses here.
            return RefuseBind(e.SocketErrorCode, settings);
        }

        try
        {
            app.UseSupervisor(token);
            if (await StartAsync(app, settings) is { } refused)
            {
                return refused;
            }

            await app.WaitForShutdownAsync();

            // Before telemetry is sent, because a collector that hangs must not delay the next supervisor.
            await app.Services.GetRequiredService<FleetHistory>().DisposeAsync();
            if (settings.IsTemporary && !instance.IsLost)
            {
                TemporaryFiles.Delete(settings.Files);
            }

            instance.Dispose();
            LogDone(app.Logger);
            return instance.IsLost ? ExitCodes.Foreign : ExitCodes.Success;
        }
        finally
        {
            await app.SendAndDisposeAsync();
        }
    }

    /// <summary>Starts the application. Returns the exit code if it cannot listen.</summary>
    private static async Task<int?> StartAsync(WebApplication app, SupervisorSettings settings)
    {
        try
        {
            await app.StartAsync();
            return null;
        }
        catch (Exception e) when (BindErrors.SocketErrorIn(e) is { } error)
        {
            return RefuseBind(error, settings);
        }
    }

    private static int RefuseBind(SocketError error, SupervisorSettings settings)
    {
        var where = string.Join(" and ", settings.Addresses);
        return error switch
        {
            SocketError.AddressAlreadyInUse => Refuse(
                ExitCodes.PortInUse,
                $"cannot listen on {where}: already in use by {string.Join(" and ", settings.Addresses.Select(a => BindErrors.DescribeOwners(a.Port)).Distinct())}"),
            SocketError.AccessDenied => Refuse(ExitCodes.PermissionDenied, $"cannot listen on {where}: this user has no permission"),
            SocketError.AddressNotAvailable => Refuse(ExitCodes.Usage, $"cannot listen on {where}: this machine has no such address"),
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => Refuse(ExitCodes.Usage, $"cannot listen on {where}: the host name cannot be resolved"),
            _ => Refuse(ExitCodes.Failure, $"cannot listen on {where}: {error}"),
        };
    }

    private static int Refuse(int exitCode, string message)
    {
        // Paths and messages of the system may contain line breaks.
        Console.Error.WriteLine($"{SupervisorSettings.ProgramName}: {message.ReplaceLineEndings(" ")}");
        return exitCode;
    }

    [LoggerMessage(3, LogLevel.Information, "Stopped; the next supervisor can start")]
    private static partial void LogDone(ILogger logger);
}
