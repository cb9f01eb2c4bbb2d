namespace MonitorAspire.Hosting.Supervision;

/// <summary>Where the supervisor is, and what its files are called.</summary>
/// <param name="Port">Port of its interface on 127.0.0.1.</param>
/// <param name="StateDirectory">Absolute path of the state directory, which has its token.</param>
/// <param name="LaunchId">Marks what this run of the application launches: part of the instance id that it gives each launch.</param>
internal sealed record SupervisorAddress(int Port, string StateDirectory, string LaunchId)
{
    internal string TokenFile => Path.Combine(StateDirectory, "supervisor.token");
}
