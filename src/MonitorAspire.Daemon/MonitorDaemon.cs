using System.Net.Sockets;
using MonitorAspire.Daemon.Serving;
using MonitorAspire.Daemon.Settings;
using MonitorAspire.Daemon.Startup;
using MonitorAspire.ServiceDefaults;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Telemetry;
using OpenTelemetry.Trace;

namespace MonitorAspire.Daemon;

/// <summary>The life of one daemon: claim, bind, ready, serve, stop.</summary>
internal static partial class MonitorDaemon
{
    // EX_SOFTWARE of sysexits.h.
    private const int InternalError = 70;

    // As a shell reports a process that SIGTERM ended.
    private const int StoppedBeforeServing = 128 + 15;

    private static readonly TimeSpan FailureFlushLimit = TimeSpan.FromSeconds(1);

    // The first health request is answered by then.
    private static readonly TimeSpan MemoryReleaseDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>Runs the daemon until it is told to stop. Returns the exit code, see <see cref="Usage.Help"/>.</summary>
    internal static async Task<int> RunAsync(string[] args)
    {
        DaemonSettings settings;
        try
        {
            var options = OptionReader.Read(args, DaemonSettings.IsOption);
            if (options.ContainsKey("--help") || options.ContainsKey("--version"))
            {
                Console.WriteLine(options.ContainsKey("--help") ? Usage.Help : ProductVersion.Text);
                return 0;
            }

            settings = DaemonSettings.Read(options, Environment.GetEnvironmentVariable);
        }
        catch (FormatException e)
        {
            return Refuse(DaemonExitCodes.BadConfiguration, e.Message);
        }

        try
        {
            return await RunAsync(settings, TimeProvider.System);
        }
        catch (Exception e)
        {
            return Refuse(InternalError, $"port {settings.Port}, PID {Environment.ProcessId}: {e.GetType().Name}: {e.Message}");
        }
    }

    private static async Task<int> RunAsync(DaemonSettings settings, TimeProvider time)
    {
        var started = time.GetTimestamp();
        using var stop = new StopSignal();
        var trace = new StartupTrace(settings, time, Environment.GetEnvironmentVariable);
        var files = new DaemonFiles(settings.StateDirectory, settings.Port);

        var claiming = trace.Begin(SpanNames.DaemonClaim);
        if (InstanceClaim.TryClaim(files, Describe(settings), out var claim) is { } failure)
        {
            claiming.Fail(failure.Reason, failure.Detail);
            var exitCode = Refuse(ExitCodeFor(failure.Reason), failure.Detail);
            await ExportFailureAsync(settings, time, trace);
            return exitCode;
        }

        claiming.Done();
        using (claim)
        {
            return await ServeAsync(settings, files, claim!, trace, stop, time, started);
        }
    }

    private static async Task<int> ServeAsync(
        DaemonSettings settings, DaemonFiles files, InstanceClaim claim, StartupTrace trace, StopSignal stop, TimeProvider time, long started)
    {
        var binding = trace.Begin(SpanNames.DaemonBind);
        WebApplication? app = null;
        try
        {
            app = DaemonApplication.Build(settings, time);
            await app.StartAsync();
        }
        catch (Exception e) when (e is IOException or SocketException or AggregateException or InvalidOperationException
            && BindFailure.From(e, settings, files) is { } failure)
        {
            binding.Fail(failure.Reason, failure.Message);
            Refuse(failure.ExitCode, failure.Message);
            claim.Dispose();
            Flush(app, trace);
            return failure.ExitCode;
        }

        binding.Done();
        var ready = trace.Begin(SpanNames.DaemonReady);
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(DaemonApplication.Service);
        if (stop.Received.IsCompleted)
        {
            await app.StopAsync();
            claim.Dispose();
            return Refuse(StoppedBeforeServing, $"port {settings.Port}, PID {Environment.ProcessId}: stopped by a signal before it served");
        }

        LogReady(log, settings.Name, settings.Host, settings.Port, Environment.ProcessId, time.GetElapsedTime(started).TotalMilliseconds);
        ready.Done();
        trace.Emit();

        // Export now and not with the next batch, which is sent after five seconds: the daemon may be killed before.
        _ = Task.Run(() => app.Services.GetService<TracerProvider>()?.ForceFlush((int)TimeSpan.FromSeconds(5).TotalMilliseconds));

        _ = ReleaseMemoryAsync(time);

        var signal = await stop.Received;
        LogStopping(log, settings.Name, signal.ToString());
        try
        {
            await app.StopAsync();
        }
        catch (OperationCanceledException)
        {
            LogRequestsAborted(log);
        }

        // Released before the last telemetry is sent: a collector that hangs must not hold up the next instance.
        claim.Dispose();
        LogStopped(log, settings.Name);
        await app.SendAndDisposeAsync();
        return 0;
    }

    // The start needs more memory than the requests after it. It is given back once.
    private static async Task ReleaseMemoryAsync(TimeProvider time)
    {
        await Task.Delay(MemoryReleaseDelay, time);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    private static async Task ExportFailureAsync(DaemonSettings settings, TimeProvider time, StartupTrace trace)
    {
        if (string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(TelemetryExtensions.OtlpEndpointVariable)))
        {
            return;
        }

        // The application is never started. Only its exporter is needed.
        await using var app = DaemonApplication.Build(settings, time);
        Flush(app, trace);
    }

    private static void Flush(WebApplication? app, StartupTrace trace)
    {
        if (app?.Services.GetService<TracerProvider>() is { } provider)
        {
            trace.Emit();
            provider.Shutdown((int)FailureFlushLimit.TotalMilliseconds);
        }
    }

    private static InstanceRecord Describe(DaemonSettings settings) => new()
    {
        Name = settings.Name,
        Host = settings.Host,
        Port = settings.Port,
        Command = [Environment.ProcessPath ?? DaemonApplication.Service, .. Environment.GetCommandLineArgs().Skip(1)],
    };

    private static int ExitCodeFor(StartupReason reason) => reason switch
    {
        StartupReason.AlreadyRunning => DaemonExitCodes.LockHeld,
        StartupReason.PermissionDenied => DaemonExitCodes.NoPermission,
        StartupReason.InvalidConfiguration => DaemonExitCodes.BadConfiguration,
        _ => DaemonExitCodes.LockHeld,
    };

    private static int Refuse(int exitCode, string message)
    {
        // A path or a message of the system may contain line breaks, but the report is one line.
        Console.Error.WriteLine($"{DaemonApplication.Service}: {message.ReplaceLineEndings(" ")}");
        return exitCode;
    }

    [LoggerMessage(1, LogLevel.Information, "{Name} serves on {Host}:{Port} as PID {Pid}, {Milliseconds:F0} ms after its start")]
    private static partial void LogReady(ILogger logger, string name, string host, int port, int pid, double milliseconds);

    [LoggerMessage(2, LogLevel.Information, "{Name} stops because of {Signal}")]
    private static partial void LogStopping(ILogger logger, string name, string signal);

    [LoggerMessage(3, LogLevel.Warning, "Some requests did not end in time and were aborted")]
    private static partial void LogRequestsAborted(ILogger logger);

    [LoggerMessage(4, LogLevel.Information, "{Name} has stopped; its lock and PID file are released")]
    private static partial void LogStopped(ILogger logger, string name);
}
