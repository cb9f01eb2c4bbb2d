using MonitorAspire.Testing.Telemetry;

namespace MonitorAspire.AppHost.Tests.Distributed;

/// <summary>One way to run the fleet and its supervisor.</summary>
public interface IFleetEngine
{
    /// <summary>Names of the spans of a daemon's first start. Each occurs once, and all are in one trace.</summary>
    static abstract IReadOnlyCollection<string> StartSpans { get; }

    /// <summary>Name of the root span of this trace.</summary>
    static abstract string RootSpan { get; }

    /// <summary>Starts the host. Returns before the daemons are verified.</summary>
    /// <param name="arguments">Ports and directory.</param>
    /// <param name="telemetry">Receives all telemetry.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    static abstract Task<IRunningAppHost> StartAsync(FleetArguments arguments, OtlpReceiver telemetry, CancellationToken cancellationToken);
}

/// <summary>A running host. Disposing of it stops it, if it still runs.</summary>
public interface IRunningAppHost : IAsyncDisposable
{
    /// <summary>Its output so far, for the message of a failed test.</summary>
    string Output { get; }

    /// <summary>Stops it as a user does. Returns when everything is stopped.</summary>
    /// <param name="cancellationToken">Ends the attempt.</param>
    Task StopAsync(CancellationToken cancellationToken);
}
