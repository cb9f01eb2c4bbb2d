using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Simulation.World;

/// <summary>PID file, record and lock of one port.</summary>
internal sealed class SimulatedFiles
{
    /// <summary>Content of the PID file, or <see langword="null"/> where there is none.</summary>
    public string? PidFile { get; set; }

    /// <summary>The record, or <see langword="null"/> where there is none or it is torn.</summary>
    public SimulatedRecord? Record { get; set; }

    /// <summary>The launcher that holds the lock beside the processes that inherited it.</summary>
    public object? LauncherWithLock { get; set; }

    public int? PidInFile => int.TryParse(PidFile, out var pid) ? pid : null;

    public string PidFileState => PidFile switch
    {
        null => "missing",
        "" => "empty",
        _ => PidInFile is null ? "malformed" : "ok",
    };
}

/// <summary>The record of an instance. The launcher is an object that lives as long as its supervisor.</summary>
internal sealed record SimulatedRecord(ProcessIdentity? Identity, string InstanceId, int Restarts, DateTimeOffset StartedAt, DateTimeOffset? VerifiedAt, object Launcher);
