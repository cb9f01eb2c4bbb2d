using System.Text.Json;
using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Cli.Up;

/// <summary>Shows a running fleet: a table that lives on a terminal, lines in a pipe, a JSON array of events for programs.</summary>
/// <param name="console">Where.</param>
/// <param name="time">The clock.</param>
/// <param name="json">As a document.</param>
internal sealed class FleetView(CliConsole console, TimeProvider time, bool json)
{
    private readonly Lock _gate = new();
    private readonly LiveBlock _block = new(console.Out);
    private bool _first = true;

    private bool IsLive => !json && console.OutputTraits.Redraw;

    /// <summary>Shows until it is ended, and then what there is still to be shown.</summary>
    /// <param name="fleet">The fleet; its stream of events ends with it.</param>
    /// <param name="down">The fleet is down.</param>
    internal async Task ShowAsync(IFleet fleet, CancellationToken down)
    {
        var clock = IsLive ? TickAsync(fleet, down) : Task.CompletedTask;
        await foreach (var happened in fleet.WatchAsync(afterId: 0, CancellationToken.None).ConfigureAwait(false))
        {
            Show(fleet, happened);
        }

        await clock.ConfigureAwait(false);
    }

    /// <summary>What stays on the screen.</summary>
    internal void Finish(IFleet fleet)
    {
        if (json)
        {
            console.Out.WriteLine(_first ? "[]" : "]");
        }
        else if (IsLive)
        {
            Draw(fleet);
        }
    }

    private void Show(IFleet fleet, FleetEvent happened)
    {
        if (json)
        {
            // One document in the end, and one event a line while it grows.
            console.Out.WriteLine($"{(_first ? '[' : ',')}{JsonSerializer.Serialize(happened, SupervisionJson.Default.FleetEvent)}");
            _first = false;
        }
        else if (!IsLive)
        {
            if (FleetEventLine.Render(happened) is { } line)
            {
                console.Out.WriteLine(line);
            }
        }
        else if (happened.Kind is FleetEventKind.StateChanged or FleetEventKind.StartVerified)
        {
            Draw(fleet);
        }
        else if (FleetEventLine.Render(happened) is { } line)
        {
            // What is more than a state stays on the screen.
            lock (_gate)
            {
                _block.WriteAbove(line, Table(fleet));
            }
        }
    }

    private async Task TickAsync(IFleet fleet, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            Draw(fleet);
            await Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Draw(IFleet fleet)
    {
        lock (_gate)
        {
            _block.Draw(Table(fleet));
        }
    }

    private IReadOnlyList<string> Table(IFleet fleet) => FleetTable.Render(fleet.Daemons, time.GetUtcNow(), console.OutputTraits.Colour);
}
