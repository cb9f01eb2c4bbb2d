using System.Diagnostics;
using System.Globalization;
using MonitorAspire.ProcessBenchmarks.Measuring;

namespace MonitorAspire.ProcessBenchmarks.Fleets;

/// <summary>
/// A program that takes <c>start N</c> and <c>stop N</c> as lines on its stdin and prints <c>said N</c> and <c>stopped N</c>. It ends, with all daemons,
/// when its stdin is closed.
/// </summary>
internal abstract class LineFleet(Workspace workspace, IReadOnlyList<TinyDaemon> daemons) : Fleet(workspace, daemons)
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(60);

    private Process? _process;
    private int _stopped;

    protected override Process Supervisor => _process!;

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

    /// <summary>Reads what the program prints from now on. Another line than the two is for the caller.</summary>
    protected void Listen(Process process, Action<string>? onOther = null)
    {
        _process = process;
        Listen(process.StandardOutput.ReadLine, line =>
        {
            switch (line.Split(' '))
            {
                case ["said", var daemon]:
                    return int.Parse(daemon, CultureInfo.InvariantCulture);
                case ["stopped", ..]:
                    Interlocked.Increment(ref _stopped);
                    return null;
                default:
                    onOther?.Invoke(line);
                    return null;
            }
        });
    }

    protected void Tell(string text)
    {
        lock (_process!)
        {
            _process.StandardInput.Write($"{text}\n");
            _process.StandardInput.Flush();
        }
    }

    protected override void Close()
    {
        if (_process is not null)
        {
            _process.StandardInput.Close();
            if (!_process.WaitForExit(EndLimit))
            {
                Commands.Kill(_process.Id);
            }

            _process.Dispose();
        }
    }
}
