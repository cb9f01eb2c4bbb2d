using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Supervision.Startup;

/// <summary>Stage three: the PID file names the process. For a command that does not write it, the launcher does.</summary>
internal sealed class PidFileStage(EngineParts parts, ClaimedPort claimed, StartingInstance instance) : IWaitingStage
{
    private readonly string _path = claimed.Files.PidFile;

    public StartupStage Stage => StartupStage.PidFile;

    /// <summary>Whether the PID file names the process now. Changes nothing.</summary>
    internal bool NamesTheInstance => PidFile.Read(_path) is { State: PidFileState.Valid } reading && reading.Pid == instance.Root.Pid;

    public ValueTask<bool> PassesAsync(CancellationToken cancellationToken)
    {
        if (claimed.Spec.EffectivePidFileWriter == PidFileWriter.Launcher)
        {
            PidFile.Write(_path, instance.Root.Pid);
            return ValueTask.FromResult(true);
        }

        // A daemon that forks may name another member of its tree. Then that member is the instance.
        if (!NamesTheInstance && PidFile.Read(_path) is { State: PidFileState.Valid } reading && instance.TryMoveTo(reading.Pid) && !NamesTheInstance)
        {
            // A daemon in a container knows only the PID of its own namespace. The file has the PID that this machine knows it by.
            PidFile.Write(_path, instance.Root.Pid);
        }

        return ValueTask.FromResult(NamesTheInstance);
    }

    public StartupFailedException TimedOut(string limit)
    {
        var pid = instance.Root.Pid;
        var reading = PidFile.Read(_path);
        if (reading.State == PidFileState.Valid)
        {
            return new(StartupReason.PidMismatch, $"{_path} names PID {reading.Pid}, which does not belong to PID {pid}, after {limit}");
        }

        return parts.Ports.Look(claimed.Addresses, claimed.Spec.Port, instance.Signs).Owned == true
            ? new(StartupReason.PidFileMissing, $"PID {pid} listens on port {claimed.Spec.Port}, but {_path} is {reading.StateName} after {limit}")
            : new(StartupReason.TimedOut, $"PID {pid} lives, but {_path} is {reading.StateName} after {limit}");
    }
}
