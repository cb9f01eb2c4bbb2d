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

/// <summary>The life of one daemon: claim, bind, ready, serve, stop. Its exit code says how it went.</summary>
internal static partial class MonitorDaemon
{
    // EX_SOFTWARE out of sysexits.h: what nobody thought of.
    private const int InternalError = 70;
    private const int StoppedBeforeServing = 128 + 15;
    private static readonly TimeSpan FailureFlushLimit = TimeSpan.FromSeconds(1);

    internal static async Task<int> RunAsync(string[] args)
    {
        switch (CommandLine.Read(args, Environment.GetEnvironmentVariable))
        {
            case CommandLineResult.Print { Text: var text }:
                Console.WriteLine(text);
                return 0;
            case CommandLineResult.Invalid { Message: var message }:
                return Refuse(DaemonExitCodes.BadConfiguration, message);
            case CommandLineResult.Run { Settings: var settings }:
                try
                {
                    return await RunAsync(settings, TimeProvider.System);
                }
                catch (Exception e)
                {
                    return Refuse(InternalError, $"port {settings.Port}, PID {Environment.ProcessId}: {e.GetType().Name}: {e.Message}");
                }

            default:
                return InternalError;
        }
    }

    private static async Task<int> RunAsync(DaemonSettings settings, TimeProvider time)
    {
        var began = time.GetTimestamp();
        using var stop = new StopRequest();
        var trace = new StartupTrace(settings, time, Environment.GetEnvironmentVariable);
        var files = new DaemonFiles(settings.StateDirectory, settings.Port);

        var claiming = trace.Begin(SpanNames.DaemonClaim);
        if (InstanceClaim.TryClaim(files, Describe(settings), out var claim) is { } failure)
        {
            claiming.Fail(WireNames.Of(failure.Reason), failure.Detail);
            var exitCode = Refuse(ExitCodeFor(failure.Reason), failure.Detail);
            await ReportFailureAsync(settings, time, trace);
            return exitCode;
        }

        claiming.Done();
        using (claim)
        {
            return await ServeAsync(settings, files, claim!, trace, stop, time, began);
        }
    }

    private static async Task<int> ServeAsync(
        DaemonSettings settings, DaemonFiles files, InstanceClaim claim, StartupTrace trace, StopRequest stop, TimeProvider time, long began)
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
            binding.Fail(failure.ErrorType, failure.Message);
            Refuse(failure.ExitCode, failure.Message);
            claim.Dispose();
            Flush(app, trace);
            return failure.ExitCode;
        }

        binding.Done();
        var ready = trace.Begin(SpanNames.DaemonReady);
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(Answers.Service);
        if (stop.Asked.IsCompleted)
        {
            await app.StopAsync();
            claim.Dispose();
            return Refuse(StoppedBeforeServing, $"port {settings.Port}, PID {Environment.ProcessId}: asked to stop before it served");
        }

        LogReady(log, settings.Name, settings.Host, settings.Port, Environment.ProcessId, time.GetElapsedTime(began).TotalMilliseconds);
        ready.Done();
        trace.Emit();

        // A daemon that is killed right after its start is the one whose trace is wanted: do not wait for the batch's five seconds.
        _ = Task.Run(() => app.Services.GetService<TracerProvider>()?.ForceFlush((int)TimeSpan.FromSeconds(5).TotalMilliseconds));

        var signal = await stop.Asked;
        LogStopping(log, settings.Name, signal.ToString());
        await StopServingAsync(app, log);

        // Before telemetry is flushed: a collector that hangs must not keep lock and PID file.
        claim.Dispose();
        LogStopped(log, settings.Name);
        await app.SendAndDisposeAsync();
        return 0;
    }

    private static async Task StopServingAsync(WebApplication app, ILogger log)
    {
        try
        {
            await app.StopAsync();
        }
        catch (OperationCanceledException)
        {
            LogRequestsLeft(log);
        }
    }

    private static async Task ReportFailureAsync(DaemonSettings settings, TimeProvider time, StartupTrace trace)
    {
        if (string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(ServiceDefaults.TelemetryExtensions.OtlpEndpointVariable)))
        {
            return;
        }

        // Never started: it is there for its exporter alone.
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
        Command = [Environment.ProcessPath ?? Answers.Service, .. Environment.GetCommandLineArgs().Skip(1)],
    };

    private static int ExitCodeFor(StartupReason reason) => reason switch
    {
        StartupReason.AlreadyRunning => DaemonExitCodes.LockHeld,
        StartupReason.PermissionDenied => DaemonExitCodes.NoPermission,
        _ => DaemonExitCodes.BadConfiguration,
    };

    private static int Refuse(int exitCode, string message)
    {
        // One line, whatever a path or a message of the system has in it.
        Console.Error.WriteLine($"{Answers.Service}: {message.ReplaceLineEndings(" ")}");
        return exitCode;
    }
}
