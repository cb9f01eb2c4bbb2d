using System.Diagnostics;
using MonitorAspire.ProcessBenchmarks.Measuring;

namespace MonitorAspire.ProcessBenchmarks.Fleets;

/// <summary>runit. A daemon is said to run when <c>sv start</c> or <c>sv check</c> returns, which run the script <c>check</c>.</summary>
internal sealed class RunitFleet(Workspace workspace, IReadOnlyList<TinyDaemon> daemons) : Fleet(workspace, daemons)
{
    private readonly string _directory = workspace.NewDirectory("runit");
    private Process? _process;

    protected override Process Supervisor => _process!;

    public override void Open(bool startAll)
    {
        foreach (var daemon in Daemons)
        {
            var service = Directory.CreateDirectory(Service(daemon.Index)).FullName;
            S6Fleet.Script(Path.Combine(service, "run"), $"exec {string.Join(' ', daemon.Command)}");
            S6Fleet.Script(Path.Combine(service, "check"), $"exec {Workspace.Tiny} check {daemon.Port}");
            if (!startAll)
            {
                File.WriteAllText(Path.Combine(service, "down"), "");
            }
        }

        _process = Commands.StartWithLog(Path.Combine(Workspace.NewDirectory("log"), "log"), Commands.Find("runsvdir")!, "-P", _directory);
        Poll(() => Daemons.All(d => File.Exists(Path.Combine(Service(d.Index), "supervise", "ok"))), 2);
        if (!startAll)
        {
            // The file exists a moment before runsv reads it.
            Thread.Sleep(200);
        }
    }

    public override long WaitAllSaid() => Commands.Run("sv", null, ["-w", "60", "check", .. Daemons.Select(d => Service(d.Index))]).Ended;

    public override long Start(int daemon) => Commands.Run("sv", null, ["-w", "60", "start", Service(daemon)]).Ended;

    public override void Stop(int daemon) => Commands.Run("sv", "stop", Service(daemon));

    protected override void Close()
    {
        if (_process is not null)
        {
            // SIGHUP stops the services too.
            var processes = Processes;
            Commands.Send(_process.Id, Commands.SigHup);
            Poll(() => processes.All(pid => ProcessCost.Executable(pid) is null), 10);
            _process.Dispose();
        }
    }

    private string Service(int daemon) => Path.Combine(_directory, Daemons[daemon].Name);
}
