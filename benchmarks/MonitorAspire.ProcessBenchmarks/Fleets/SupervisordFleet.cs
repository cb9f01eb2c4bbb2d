using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using MonitorAspire.ProcessBenchmarks.Measuring;

namespace MonitorAspire.ProcessBenchmarks.Fleets;

/// <summary>supervisord. A daemon is said to run when it has lived for a second (<c>startsecs</c>, the default), and <c>startProcess</c> returns.</summary>
internal sealed partial class SupervisordFleet(Workspace workspace, IReadOnlyList<TinyDaemon> daemons) : Fleet(workspace, daemons)
{
    private readonly int _port = workspace.NextPort();
    private Process? _process;

    protected override Process Supervisor => _process!;

    public override void Open(bool startAll)
    {
        var directory = Workspace.NewDirectory("supervisord");
        var text = new StringBuilder($"""
            [supervisord]
            nodaemon=true
            user={Environment.UserName}
            logfile={directory}/supervisord.log
            pidfile={directory}/supervisord.pid
            childlogdir={directory}
            minfds=1024
            [rpcinterface:supervisor]
            supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
            [inet_http_server]
            port=127.0.0.1:{_port}

            """);
        foreach (var daemon in Daemons)
        {
            text.Append($"[program:{daemon.Name}]\ncommand={string.Join(' ', daemon.Command)}\nautostart={startAll}\nautorestart=true\nstopwaitsecs=2\n");
        }

        var config = Path.Combine(directory, "supervisord.conf");
        File.WriteAllText(config, text.ToString());
        _process = Commands.StartWithLog(Path.Combine(directory, "out.log"), Commands.Find("supervisord")!, "-c", config);
        Poll(() => Http.IsListening(_port), 2);
    }

    public override long WaitAllSaid() => Poll(() => Running().Count(Call("supervisor.getAllProcessInfo", "")) == Daemons.Count, 20);

    public override long Start(int daemon)
    {
        Call("supervisor.startProcess", Name(daemon));
        return Clock.Now;
    }

    public override void Stop(int daemon) => Call("supervisor.stopProcess", Name(daemon));

    protected override void Close()
    {
        if (_process is not null)
        {
            Commands.End(_process);
            _process.Dispose();
        }
    }

    private string Call(string method, string parameters)
    {
        var answer = Http.Send(_port, "POST", "/RPC2", contentType: "text/xml", body: $"<?xml version='1.0'?><methodCall><methodName>{method}</methodName><params>{parameters}</params></methodCall>");
        return answer.Contains("<fault>", StringComparison.Ordinal) ? throw new InvalidOperationException(answer) : answer;
    }

    private string Name(int daemon) => $"<param><value><string>{Daemons[daemon].Name}</string></value></param>";

    [GeneratedRegex("<string>RUNNING</string>")]
    private static partial Regex Running();
}
