using MonitorAspire.Testing.Telemetry;

namespace MonitorAspire.AppHost.Tests.Distributed;

/// <summary>One of the two ways to run the AppHost.</summary>
public interface IFleetEngine
{
    /// <summary>Names of the spans that the first start of a daemon has, each of them once and all of them in one trace.</summary>
    static abstract IReadOnlyCollection<string> StartSpans { get; }

    /// <summary>Name of the span that such a trace begins with.</summary>
    static abstract string RootSpan { get; }

    /// <summary>Starts the AppHost; returns without waiting for any verdict about the daemons.</summary>
    /// <param name="arguments">Ports and directory.</param>
    /// <param name="telemetry">Where all telemetry is to go.</param>
    /// <param name="cancellationToken">The time is up.</param>
    static abstract Task<IRunningAppHost> StartAsync(FleetArguments arguments, OtlpReceiver telemetry, CancellationToken cancellationToken);
}

/// <summary>An AppHost that runs. Disposing of it stops it in order, where that has not been done yet.</summary>
public interface IRunningAppHost : IAsyncDisposable
{
    /// <summary>What it said so far, for the message of a failed test.</summary>
    string Output { get; }

    /// <summary>Stops it as a person does, and returns when it says that everything is stopped.</summary>
    /// <param name="cancellationToken">The time is up.</param>
    Task StopAsync(CancellationToken cancellationToken);
}
