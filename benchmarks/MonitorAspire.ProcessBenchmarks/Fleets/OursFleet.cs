using System.Diagnostics;
using System.Globalization;
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
    private StreamReader? _events;
    private string _lastEvent = "0";
    private volatile bool _closing;
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
            ["Daemons"] = Daemons.Select(d => new { d.Name, d.Port, Command = d.Command[0], Arguments = d.Command.Skip(1), AutoStart = startAll }),
        };
        File.WriteAllText(config, JsonSerializer.Serialize(new { Monitors = monitors }));
        _process = Commands.StartWithLog(_log, Path.Combine(programs, "monitor-aspire-supervisor"), "--config", config, "--state-dir", _directory, "--port", _port.ToString(CultureInfo.InvariantCulture));
        Poll(() => _process.HasExited ? throw new InvalidOperationException(File.ReadAllText(_log)) : Http.IsListening(_port), 2);

        Connect();
        var verified = false;
        Listen(ReadEvent, line =>
        {
            const string Name = "\"name\":\"d";
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                _lastEvent = line[4..];
            }
            else if (line.StartsWith("event: ", StringComparison.Ordinal))
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
        _closing = true;
        _events?.Dispose();
        if (_process is not null)
        {
            Commands.End(_process);
            _process.Dispose();
        }
    }

    // The supervisor ends the stream of a reader that is too slow, and keeps 1000 events: with many daemons that start at once the first events
    // may be gone. So the reader goes on after its last event, and asks once for the daemons that run already.
    private void Connect()
    {
        _events = new StreamReader(Http.Open(_port, "GET", $"/api/events?lastEventId={_lastEvent}"));
        using var daemons = JsonDocument.Parse(Http.Send(_port, "GET", "/api/daemons"));
        foreach (var daemon in daemons.RootElement.EnumerateArray())
        {
            if (daemon.GetProperty("state").GetString() == "Running")
            {
                Note(int.Parse(daemon.GetProperty("name").GetString().AsSpan(1), CultureInfo.InvariantCulture), onlyFirst: true);
            }
        }
    }

    private string? ReadEvent()
    {
        while (!_closing)
        {
            try
            {
                if (_events!.ReadLine() is { } line)
                {
                    return line;
                }
            }
            catch (IOException) when (!_closing)
            {
                // The stream was ended.
            }

            _events!.Dispose();
            Connect();
        }

        return null;
    }

    private string Post(int daemon, string what)
    {
        _token ??= File.ReadAllText(Directory.EnumerateFiles(_directory, "supervisor*.token").Single()).Trim();
        return Http.Send(_port, "POST", $"/api/daemons/d{daemon}/{what}", _token);
    }
}
