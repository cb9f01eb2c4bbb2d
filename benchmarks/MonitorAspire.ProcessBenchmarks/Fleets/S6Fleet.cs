using System.Diagnostics;
using MonitorAspire.ProcessBenchmarks.Measuring;

namespace MonitorAspire.ProcessBenchmarks.Fleets;

/// <summary>
/// s6 with a readiness check (<c>s6-notifyoncheck</c>, every 10 ms), since the daemon does not notify. A daemon is said to run when it is up
/// and ready. After that s6 does not check it again.
/// </summary>
internal sealed class S6Fleet(Workspace workspace, IReadOnlyList<TinyDaemon> daemons) : Fleet(workspace, daemons)
{
    private readonly string _directory = workspace.NewDirectory("s6");
    private Process? _process;

    protected override Process Supervisor => _process!;

    private IEnumerable<string> Services => Daemons.Select(d => Service(d.Index));

    public override void Open(bool startAll)
    {
        foreach (var daemon in Daemons)
        {
            var service = Directory.CreateDirectory(Service(daemon.Index)).FullName;
            File.WriteAllText(Path.Combine(service, "notification-fd"), "3\n");
            // -s and -w: milliseconds before the first check and between two checks.
            Script(Path.Combine(service, "run"), $"exec s6-notifyoncheck -d -s 1 -w 10 -t 1000 -n 6000 {string.Join(' ', daemon.Command)}");
            Directory.CreateDirectory(Path.Combine(service, "data"));
            Script(Path.Combine(service, "data", "check"), $"exec {Workspace.Tiny} check {daemon.Port}");
            if (!startAll)
            {
                File.WriteAllText(Path.Combine(service, "down"), "");
            }
        }

        _process = Commands.StartWithLog(Path.Combine(Workspace.NewDirectory("log"), "log"), Commands.Find("s6-svscan")!, _directory);
        Poll(() => Services.All(service => File.Exists(Path.Combine(service, "supervise", "status"))), 2);
    }

    public override long WaitAllSaid() => Commands.Run("s6-svwait", null, ["-U", "-t", "120000", .. Services]).Ended;

    public override long Start(int daemon) => Commands.Run("s6-svc", null, ["-u", "-wU", "-T", "60000", Service(daemon)]).Ended;

    public override void Stop(int daemon) => Commands.Run("s6-svc", "-d", "-wD", "-T", "10000", Service(daemon));

    internal static void Script(string path, string line)
    {
        File.WriteAllText(path, $"#!/bin/sh\n{line}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    protected override void Close()
    {
        if (_process is not null)
        {
            // SIGTERM makes s6-svscan stop all services and end.
            Commands.End(_process);
            _process.Dispose();
        }
    }

    private string Service(int daemon) => Path.Combine(_directory, Daemons[daemon].Name);
}
