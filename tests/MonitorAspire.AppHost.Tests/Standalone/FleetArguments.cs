using System.Globalization;
using MonitorAspire.Testing;

namespace MonitorAspire.AppHost.Tests.Standalone;

/// <summary>A small fleet on ports that nobody else has, with files of its own.</summary>
internal sealed class FleetArguments : IDisposable
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

    public IEnumerable<int> Ports => Enumerable.Range(BasePort, Count).Prepend(SupervisorPort);

    public string[] Arguments(string dashboard = "off") =>
    [
        "--count", Text(Count), "--base-port", Text(BasePort), "--supervisor-port", Text(SupervisorPort),
        "--state-dir", StateDirectory, "--dashboard", dashboard,
    ];

    public void Dispose() => _directory.Dispose();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
