using System.Text.Json;
using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Cli.Up;

/// <summary>Shows a running fleet: a table that is redrawn on a terminal, lines in a pipe, a JSON array of events for programs.</summary>
internal sealed class FleetView(CliConsole console, TimeProvider time, bool json)
{
    private readonly Lock _gate = new();
    private readonly LiveBlock _block = new(console.Out);
    private bool _first = true;

    internal FleetMirror Fleet { get; } = new();

    private bool IsLive => !json && console.OutputTraits.Redraw;

    /// <summary>Redraws the table each second, so that times go on, until it is cancelled.</summary>
    internal async Task RefreshAsync(CancellationToken cancellationToken)
    {
        while (IsLive && !cancellationToken.IsCancellationRequested)
        {
            Draw();
            await Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Prints a line about something else than a daemon.</summary>
    internal void Say(string line)
    {
        if (json)
        {
            console.Note(line);
        }
        else
        {
            Print(Printable.Line(line));
        }
    }

    internal void Show(FleetEvent happened)
    {
        if (json)
        {
            // One event a line while the document grows.
            console.Out.WriteLine($"{(_first ? '[' : ',')}{JsonSerializer.Serialize(happened, SupervisionJson.Default.FleetEvent)}");
            _first = false;
        }
        else if (IsLive && happened.Kind is FleetEventKind.StateChanged or FleetEventKind.StartVerified)
        {
            Draw();
        }
        else if (FleetEventLine.Render(happened) is { } line)
        {
            Print(line);
        }
    }

    internal void Finish()
    {
        if (json)
        {
            console.Out.WriteLine(_first ? "[]" : "]");
        }
        else if (IsLive)
        {
            Draw();
        }
    }

    private void Print(string line)
    {
        if (!IsLive)
        {
            console.Out.WriteLine(line);
            return;
        }

        lock (_gate)
        {
            _block.WriteAbove(line, Table());
        }
    }

    private void Draw()
    {
        lock (_gate)
        {
            _block.Draw(Table());
        }
    }

    private IReadOnlyList<string> Table() => FleetTable.Render(Fleet.Daemons, time.GetUtcNow(), console.OutputTraits.Colour);
}
