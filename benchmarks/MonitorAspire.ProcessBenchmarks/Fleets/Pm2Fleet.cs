using System.Globalization;
using System.Text.Json;
using MonitorAspire.ProcessBenchmarks.Measuring;

namespace MonitorAspire.ProcessBenchmarks.Fleets;

/// <summary>
/// pm2 through its own API, in a small Node program that lives as long as the fleet. A daemon is said to run when the call for its start
/// returns: pm2 says "online" as soon as it has spawned the process.
/// </summary>
internal sealed class Pm2Fleet(Workspace workspace, IReadOnlyList<TinyDaemon> daemons) : LineFleet(workspace, daemons)
{
    private const string Script = """
        const pm2 = require('pm2');
        const apps = JSON.parse(require('fs').readFileSync(process.argv[2]));
        const print = text => process.stdout.write(text + '\n');
        const done = (what, i) => error => { if (error) { console.error(error); process.exit(1); } print(`${what} ${i}`); };
        pm2.connect(error => {
          if (error) { console.error(error); process.exit(1); }
          print('connected');
          require('readline').createInterface({ input: process.stdin })
            .on('line', line => {
              const [what, i] = line.split(' ');
              if (what === 'start') pm2.start(apps[i], done('said', i));
              else if (what === 'stop') pm2.delete(apps[i].name, done('stopped', i));
            })
            .on('close', () => pm2.killDaemon(() => process.exit(0)));
        });
        """;

    private readonly string _directory = workspace.NewDirectory("pm2");
    private volatile bool _isConnected;

    /// <summary>The directory <c>node_modules</c> with pm2: from NODE_PATH, or from the global installation.</summary>
    public static string? Modules { get; } = new[] { Environment.GetEnvironmentVariable("NODE_PATH"), "/usr/local/lib/node_modules", "/usr/lib/node_modules" }
        .FirstOrDefault(directory => directory is not null && Directory.Exists(Path.Combine(directory, "pm2")));

    public static string Version => JsonDocument.Parse(File.ReadAllText(Path.Combine(Modules!, "pm2", "package.json"))).RootElement.GetProperty("version").GetString()!;

    // The daemon that manages all, without the Node program of this harness.
    public override IReadOnlyList<int> Processes =>
        ProcessCost.Tree(int.Parse(File.ReadAllText(Path.Combine(_directory, "pm2.pid")), CultureInfo.InvariantCulture), Workspace.Tiny);

    public override void Open(bool startAll)
    {
        var apps = Path.Combine(_directory, "apps.json");
        var script = Path.Combine(_directory, "run.js");
        File.WriteAllText(script, Script);
        File.WriteAllText(apps, JsonSerializer.Serialize(Daemons.Select(d => new
        {
            name = d.Name,
            script = d.Command[0],
            args = d.Command.Skip(1),
            interpreter = "none",
            cwd = _directory,
        })));
        Listen(
            Commands.Start("node", new Dictionary<string, string> { ["PM2_HOME"] = _directory, ["NODE_PATH"] = Modules! }, [script, apps]),
            line => _isConnected |= line == "connected");
        Poll(() => _isConnected, 2);
        if (startAll)
        {
            foreach (var daemon in Daemons)
            {
                Tell($"start {daemon.Index}");
            }
        }
    }
}
