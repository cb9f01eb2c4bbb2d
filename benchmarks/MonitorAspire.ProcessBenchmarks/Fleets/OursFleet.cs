using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using MonitorAspire.ProcessBenchmarks.Measuring;

namespace MonitorAspire.ProcessBenchmarks.Fleets;

/// <summary>Our supervisor. A daemon is said to run when its event <c>start-verified</c> arrives, or when the REST API answers a start.</summary>
internal sealed class OursFleet(Workspace workspace, IReadOnlyList<TinyDaemon> daemons, string programs, IReadOnlyDictionary<string, object>? fleet = null)
    : Fleet(workspace, daemons)
{
    private readonly int _port = workspace.NextPort();
    private readonly string _directory = workspace.NewDirectory("ours");
    private readonly string _log = Path.Combine(workspace.NewDirectory("log"), "supervisor.log");
    private Process? _process;
    private NetworkStream? _events;
    private string? _token;

    public string StateDirectory => _directory;

    public override bool SaysRestarts => true;

    protected override Process Supervisor => _process!;

    public override void Open(bool startAll)
    {
        var config = Path.Combine(Workspace.NewDirectory("config"), "fleet.json");
        var monitors = new Dictionary<string, object>(fleet ?? new Dictionary<string, object>())
        {
            ["StartTimeout"] = TimeSpan.FromMinutes(2),
            ["Daemons"] = Daemons.Select(d => new { d.Name, d.Port, Command = d.Command[0], Arguments = d.Command.Skip(1) }),
        };
        File.WriteAllText(config, JsonSerializer.Serialize(new { Monitors = monitors }));
        _process = Commands.StartWithLog(_log, Path.Combine(programs, "monitor-aspire-supervisor"), "--config", config, "--state-dir", _directory, "--port", _port.ToString(CultureInfo.InvariantCulture));
        Poll(() => _process.HasExited ? throw new InvalidOperationException(File.ReadAllText(_log)) : Http.IsListening(_port), 2);

        // With the number of the last event known, 0, all events come: also those from before the connection.
        _events = Http.Open(_port, "GET", "/api/events?lastEventId=0");
        var verified = false;
        Listen(new StreamReader(_events), line =>
        {
            const string Name = "\"name\":\"d";
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                verified = line == "event: start-verified";
            }
            else if (verified && line.StartsWith("data: ", StringComparison.Ordinal))
            {
                var start = line.IndexOf(Name, StringComparison.Ordinal) + Name.Length;
                return int.Parse(line.AsSpan(start, line.IndexOf('"', start) - start), CultureInfo.InvariantCulture);
            }

            return null;
        });
        if (!startAll)
        {
            // There is no declaration of a daemon that is not started, so each start is taken back before it ends.
            foreach (var daemon in Daemons)
            {
                Stop(daemon.Index);
            }
        }
    }

    public override long Start(int daemon)
    {
        var report = Post(daemon, "start");
        var said = Clock.Now;
        return report.Contains("\"verdict\":\"verified\"", StringComparison.Ordinal) ? said : throw new InvalidOperationException(report);
    }

    public override void Stop(int daemon) => Post(daemon, "stop");

    protected override void Close()
    {
        _events?.Dispose();
        if (_process is not null)
        {
            Commands.End(_process);
            _process.Dispose();
        }
    }

    private string Post(int daemon, string what)
    {
        _token ??= File.ReadAllText(Directory.EnumerateFiles(_directory, "supervisor*.token").Single()).Trim();
        return Http.Send(_port, "POST", $"/api/daemons/d{daemon}/{what}", _token);
    }
}
