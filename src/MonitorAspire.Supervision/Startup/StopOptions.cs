using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Startup;

/// <summary>Options of a stop.</summary>
public sealed record StopOptions
{
    /// <summary>Time between SIGTERM and SIGKILL. Default 10 seconds.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time for the processes to end after SIGKILL. Default 5 seconds.</summary>
    public TimeSpan KillTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The process that the caller has watched since its start. It is stopped also where its files are gone. Default none.</summary>
    internal ProcessIdentity? Watched { get; init; }
}
