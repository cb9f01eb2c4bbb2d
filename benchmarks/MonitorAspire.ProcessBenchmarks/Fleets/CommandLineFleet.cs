using System.Diagnostics;
using System.Globalization;
using MonitorAspire.ProcessBenchmarks.Measuring;

namespace MonitorAspire.ProcessBenchmarks.Fleets;

/// <summary>Our command line without a supervisor. A daemon is said to run when <c>monitor start</c> has ended with exit code 0.</summary>
internal sealed class CommandLineFleet(Workspace workspace, IReadOnlyList<TinyDaemon> daemons, string programs, bool builtIn = false) : Fleet(workspace, daemons)
{
    private readonly string _program = Path.Combine(programs, "monitor");
    private readonly Dictionary<string, string> _environment = new() { ["MONITOR_STATE_DIR"] = workspace.NewDirectory("state") };

    public override IReadOnlyList<int> Processes => [];

    protected override Process Supervisor => throw new NotSupportedException();

    public override void Open(bool startAll)
    {
    }

    public override long Start(int daemon)
    {
        IReadOnlyList<string> command = builtIn ? [] : ["--", .. Daemons[daemon].Command];
        return Run(["start", "--port", Port(daemon), "--timeout", "60s", .. command]);
    }

    public override void Stop(int daemon) => Run(["stop", "--port", Port(daemon)]);

    /// <summary>Runs any command of <c>monitor</c>, and returns when it has ended.</summary>
    public long Run(params IEnumerable<string> arguments) => Commands.Run(_program, _environment, arguments).Ended;

    /// <summary>The PID in the daemon's PID file.</summary>
    public int Pid(int daemon) =>
        int.Parse(File.ReadAllText(Path.Combine(_environment["MONITOR_STATE_DIR"], $"monitor-daemon-{Port(daemon)}.pid")), CultureInfo.InvariantCulture);

    protected override void Close()
    {
        foreach (var daemon in Daemons)
        {
            if (File.Exists(Path.Combine(_environment["MONITOR_STATE_DIR"], $"monitor-daemon-{daemon.Port}.pid")))
            {
                Stop(daemon.Index);
            }
        }
    }

    private string Port(int daemon) => Daemons[daemon].Port.ToString(CultureInfo.InvariantCulture);
}
