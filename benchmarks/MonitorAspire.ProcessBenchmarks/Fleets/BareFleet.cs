using System.Diagnostics;
using System.Globalization;
using MonitorAspire.ProcessBenchmarks.Measuring;

namespace MonitorAspire.ProcessBenchmarks.Fleets;

/// <summary>The lower limit: the native program spawns the daemons and probes them every 0.1 ms, and after that once a second.</summary>
internal sealed class BareFleet(Workspace workspace, IReadOnlyList<TinyDaemon> daemons, Func<TinyDaemon, IReadOnlyList<string>>? command = null)
    : Fleet(workspace, daemons)
{
    private Process? _process;
    private int _stopped;

    public override bool SaysRestarts => true;

    // This one runs the same executable as the daemons.
    public override IReadOnlyList<int> Processes => [_process!.Id];

    protected override Process Supervisor => _process!;

    public override void Open(bool startAll)
    {
        var file = Path.Combine(Workspace.NewDirectory("bare"), "fleet");
        File.WriteAllLines(file, Daemons.Select(d => $"{d.Port} {string.Join(' ', (command ?? (static d => d.Command))(d))}"));
        _process = Commands.Start(Workspace.Tiny, null, ["bare", startAll ? "1" : "0", "1000", file]);
        Listen(_process.StandardOutput.ReadLine, line =>
        {
            var words = line.Split(' ');
            if (words[0] == "said")
            {
                return int.Parse(words[1], CultureInfo.InvariantCulture);
            }

            Interlocked.Increment(ref _stopped);
            return null;
        });
    }

    public override long Start(int daemon)
    {
        var asked = Clock.Now;
        Tell($"start {daemon}");
        return WaitSaid(daemon, asked);
    }

    public override void Stop(int daemon)
    {
        var before = Volatile.Read(ref _stopped);
        Tell($"stop {daemon}");
        Poll(() => Volatile.Read(ref _stopped) > before, 1);
    }

    protected override void Close()
    {
        if (_process is not null)
        {
            _process.StandardInput.Close();
            _process.WaitForExit();
            _process.Dispose();
        }
    }

    private void Tell(string text)
    {
        lock (_process!)
        {
            _process.StandardInput.Write($"{text}\n");
            _process.StandardInput.Flush();
        }
    }
}
