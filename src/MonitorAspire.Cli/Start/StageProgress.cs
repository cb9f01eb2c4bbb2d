using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Cli.Start;

/// <summary>Shows each stage on a terminal, one line a stage, on standard error. Prints nothing in a pipe.</summary>
internal sealed class StageProgress(CliConsole console) : IDisposable
{
    private readonly Lock _gate = new();
    private StartupStage? _current;
    private long _enteredAt;

    /// <summary>A stage began, so the one before has passed.</summary>
    internal void Enter(StartupStage stage, int? pid)
    {
        lock (_gate)
        {
            Pass();
            _current = stage;
            _enteredAt = TimeProvider.System.GetTimestamp();
            Write($"\r  {Styles.Apply("…", Tone.Dim, console.ErrorTraits.Colour)} {WireNames.Of(stage)}{(pid is null ? "" : $" (PID {pid})")}");
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
                Write(report.Serves ? "\r\e[2K" : $"\r\e[2K  {Styles.Apply("✗", Tone.Bad, console.ErrorTraits.Colour)} {WireNames.Of(stage)}\n");
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
        Write($"\r\e[2K  {Styles.Apply("✓", Tone.Good, console.ErrorTraits.Colour)} {WireNames.Of(stage),-12}{Styles.Apply(took, Tone.Dim, console.ErrorTraits.Colour)}\n");
        _current = null;
    }

    private void Write(string text)
    {
        if (console.ErrorTraits.Redraw)
        {
            console.Error.Write(text);
        }
    }
}
