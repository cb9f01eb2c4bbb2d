namespace MonitorAspire.Hosting.Supervisor;

/// <summary>Where the supervisor is.</summary>
/// <param name="Port">Port of its REST API on 127.0.0.1.</param>
/// <param name="StateDirectory">Absolute path of the state directory, which has its token.</param>
/// <param name="LaunchId">Marks the processes that this run of the application launches. It is part of each instance id.</param>
internal sealed record SupervisorAddress(int Port, string StateDirectory, string LaunchId)
{
    internal string TokenFile => Path.Combine(StateDirectory, "supervisor.token");
}
