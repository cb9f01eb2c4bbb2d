using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Cli.Start;

/// <summary>Shows each stage on a terminal, one line a stage. Prints nothing in a pipe.</summary>
internal sealed class StageProgress : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CliConsole _console;
    private readonly bool _shown;
    private StartupStage? _current;
    private long _enteredAt;

    private StageProgress(CliConsole console)
    {
        _console = console;
        _shown = console.ErrorTraits.Redraw;
    }

    /// <summary>Progress on standard error: standard output is for the result.</summary>
    internal static StageProgress On(CliConsole console) => new(console);

    /// <summary>A stage began, so the one before has passed.</summary>
    internal void Enter(StartupStage stage, int? pid)
    {
        lock (_gate)
        {
            Pass();
            _current = stage;
            _enteredAt = TimeProvider.System.GetTimestamp();
            Write($"\r  {Styles.Apply("…", Tone.Dim, _console.ErrorTraits.Colour)} {WireNames.Of(stage)}{(pid is null ? "" : $" (PID {pid})")}");
        }
    }

    /// <summary>The start ended, successfully or not.</summary>
    internal void Finish(StartupReport report)
    {
        lock (_gate)
        {
            if (report.Verdict == StartupVerdict.Verified)
            {
                Pass();
            }
            else if (_current is { } stage)
            {
                Write(report.Serves ? "\r\e[2K" : $"\r\e[2K  {Styles.Apply("✗", Tone.Bad, _console.ErrorTraits.Colour)} {WireNames.Of(stage)}\n");
                _current = null;
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_current is not null)
            {
                Write("\r\e[2K");
            }
        }
    }

    private void Pass()
    {
        if (_current is not { } stage)
        {
            return;
        }

        var took = Durations.OfMilliseconds(TimeProvider.System.GetElapsedTime(_enteredAt).TotalMilliseconds);
        Write($"\r\e[2K  {Styles.Apply("✓", Tone.Good, _console.ErrorTraits.Colour)} {WireNames.Of(stage),-12}{Styles.Apply(took, Tone.Dim, _console.ErrorTraits.Colour)}\n");
        _current = null;
    }

    private void Write(string text)
    {
        if (_shown)
        {
            _console.Error.Write(text);
        }
    }
}
