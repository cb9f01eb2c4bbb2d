using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervisor.Hosting;

/// <summary>One supervisor for a state directory: two would restart each other's daemons. The kernel frees the lock on every kind of death.</summary>
internal static class SupervisorLock
{
    internal const string FileName = "supervisor.lock";

    /// <summary>Takes the lock; where somebody has it, says who.</summary>
    /// <param name="stateDirectory">Absolute path of the state directory, which exists.</param>
    /// <param name="held">For a person: who has it. Empty when it was taken.</param>
    internal static IDisposable? TryTake(string stateDirectory, out string held)
    {
        var path = Path.Combine(stateDirectory, FileName);
        var taken = InstanceLock.TryAcquire(path);
        held = taken is not null ? "" : Describe(path);
        return taken;
    }

    private static string Describe(string path)
    {
        var processes = ProcessTable.Current;
        return processes.EldestOf(processes.LockHolders(path)) is { } holder
            ? $"the supervisor with PID {holder.Pid} holds {path}"
            : $"a supervisor that cannot be told holds {path}";
    }
}
