using System.Globalization;
using MonitorAspire.Testing;

namespace MonitorAspire.AppHost.Tests;

/// <summary>Free ports and a temporary state directory for one fleet.</summary>
public sealed class FleetArguments : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public FleetArguments(int count = 2)
    {
        Count = count;
        SupervisorPort = FreePort.Consecutive(count + 1);
        BasePort = SupervisorPort + 1;
    }

    public int Count { get; }

    public int SupervisorPort { get; }

    public int BasePort { get; }

    public string StateDirectory => _directory["state"];

    public IEnumerable<int> DaemonPorts => Enumerable.Range(BasePort, Count);

    public IEnumerable<int> Ports => DaemonPorts.Prepend(SupervisorPort);

    /// <summary>Time limit of a start. On a busy machine a project needs more than the default 30 s.</summary>
    internal const string StartTimeout = "00:02:00";

    /// <summary>The options that every engine understands.</summary>
    public string[] Common =>
    [
        "--count", Text(Count), "--base-port", Text(BasePort), "--supervisor-port", Text(SupervisorPort), "--state-dir", StateDirectory,
    ];

    /// <summary>The same with a dashboard.</summary>
    public string[] Arguments(string dashboard = "off") => [.. Common, "--dashboard", dashboard];

    /// <summary>The PID in a daemon's PID file; 0 if there is no file.</summary>
    /// <param name="port">The daemon's port.</param>
    public int PidOf(int port)
    {
        try
        {
            return int.Parse(File.ReadAllText(Path.Combine(StateDirectory, $"monitor-daemon-{Text(port)}.pid")), CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return 0;
        }
    }

    /// <summary>Waits until a daemon's PID file has another PID, and returns it.</summary>
    /// <param name="port">The daemon's port.</param>
    /// <param name="before">The old PID.</param>
    public async Task<int> AnotherPidAsync(int port, int before)
    {
        await Wait.UntilAsync(() => HasAnotherPid(port, before), $"another PID than {Text(before)} on port {Text(port)}");
        return PidOf(port);
    }

    /// <summary>Whether a daemon's PID file has another PID now.</summary>
    /// <param name="port">The daemon's port.</param>
    /// <param name="before">The old PID.</param>
    public bool HasAnotherPid(int port, int before) => PidOf(port) is not 0 and var pid && pid != before;

    public void Dispose() => _directory.Dispose();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
