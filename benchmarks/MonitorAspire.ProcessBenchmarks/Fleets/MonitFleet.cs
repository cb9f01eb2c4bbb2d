using System.Diagnostics;
using System.Text;
using System.Xml.Linq;
using MonitorAspire.ProcessBenchmarks.Measuring;

namespace MonitorAspire.ProcessBenchmarks.Fleets;

/// <summary>
/// monit with its shortest cycle, 1 s. A daemon is said to run when monit's status shows it as monitored, with a PID and without a fault.
/// The port is first looked at when the time limit of the start is over.
/// </summary>
internal sealed class MonitFleet(Workspace workspace, IReadOnlyList<TinyDaemon> daemons) : Fleet(workspace, daemons)
{
    private readonly int _port = workspace.NextPort();
    private readonly string _directory = workspace.NewDirectory("monit");
    private string _config = "";
    private Process? _process;

    protected override Process Supervisor => _process!;

    public override void Open(bool startAll)
    {
        var text = new StringBuilder($"""
            set daemon 1
            set pidfile {_directory}/monit.pid
            set idfile {_directory}/monit.id
            set statefile {_directory}/monit.state
            set httpd port {_port} and use address 127.0.0.1 allow localhost
            {(startAll ? "" : "set onreboot nostart")}

            """);
        foreach (var daemon in Daemons)
        {
            var start = Path.Combine(_directory, $"{daemon.Name}.start");
            var pid = Path.Combine(_directory, $"{daemon.Name}.pid");
            S6Fleet.Script(start, $"{string.Join(' ', daemon.Command)} >/dev/null 2>&1 </dev/null & echo $! >{pid}");
            S6Fleet.Script(Path.Combine(_directory, $"{daemon.Name}.stop"), $"kill $(cat {pid}); rm {pid}");
            text.Append($"""
                check process {daemon.Name} with pidfile {pid}
                  start program = "{start}" with timeout 5 seconds
                  stop program = "{_directory}/{daemon.Name}.stop"
                  if failed host 127.0.0.1 port {daemon.Port} protocol http request "/health" then restart

                """);
        }

        _config = Path.Combine(_directory, "monitrc");
        File.WriteAllText(_config, text.ToString());
        File.SetUnixFileMode(_config, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _process = Commands.StartWithLog(Path.Combine(_directory, "log"), Commands.Find("monit")!, "-I", "-c", _config);
        Poll(() => Http.IsListening(_port), 2);
        if (!startAll)
        {
            Stop("all");
        }
    }

    public override long WaitAllSaid() => Poll(() => Status() is var status && Daemons.All(d => IsServing(status, d.Name)), 20);

    public override long Start(int daemon)
    {
        Monit("start", Daemons[daemon].Name);
        return Poll(() => IsServing(Status(), Daemons[daemon].Name), 10);
    }

    public override void Stop(int daemon) => Stop(Daemons[daemon].Name);

    protected override void Close()
    {
        if (_process is not null)
        {
            Commands.End(_process);
            _process.Dispose();
        }
    }

    private void Stop(string name)
    {
        Monit("stop", name);
        Poll(() => Status().All(s => (name != "all" && (string?)s.Element("name") != name) || ((string?)s.Element("monitor") == "0" && s.Element("pid") is null)), 20);
        Poll(() => Daemons.All(d => (name != "all" && d.Name != name) || !Http.IsListening(d.Port)), 20);
    }

    private void Monit(string action, string name) => Commands.Run(Commands.Find("monit")!, "-c", _config, action, name);

    private List<XElement> Status() =>
        [.. XDocument.Parse(Http.Send(_port, "GET", "/_status?format=xml")).Descendants("service").Where(s => (string?)s.Attribute("type") == "3")];

    private static bool IsServing(List<XElement> status, string name) => status.Any(s => (string?)s.Element("name") == name
        && (string?)s.Element("monitor") == "1"
        && (string?)s.Element("status") == "0"
        && (int?)s.Element("pid") > 0);
}
