using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using MonitorAspire.Cli.Fleet;
using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Telemetry;

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
            Print(VisibleText.Line(line));
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
        else if (LineOf(happened) is { } line)
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

    /// <summary>The line; <see langword="null"/> for what is only of interest while it is looked at (a stage that passed).</summary>
    private static string? LineOf(FleetEvent happened)
    {
        if (happened is { Kind: FleetEventKind.StateChanged, Daemon: { State: DaemonState.Starting, Stage: not null } })
        {
            return null;
        }

        var daemon = happened.Daemon;
        var pid = daemon.Pid is { } p ? string.Create(CultureInfo.InvariantCulture, $", PID {p}") : "";
        var took = happened is { Kind: FleetEventKind.StartVerified, Report: { } report } ? $", verified in {Durations.OfMilliseconds(report.TotalMs)}" : "";
        var message = happened.Message is { Length: > 0 } text ? $": {text}" : "";
        return VisibleText.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{happened.At.ToLocalTime():yyyy-MM-ddTHH:mm:sszzz} {daemon.Name} (port {daemon.Port}) {Kind(happened)}{pid}{took}{message}"));
    }

    private static string Kind(FleetEvent happened) => happened.Kind switch
    {
        FleetEventKind.StateChanged => DaemonStates.Words(happened.Daemon.State),
        FleetEventKind.AlertFired => $"ALERT {WireNames.Of(happened.Alert!.Kind)}",
        FleetEventKind.AlertResolved => $"alert {WireNames.Of(happened.Alert!.Kind)} resolved",
        var kind => WireNames.Of(kind).Replace('-', ' '),
    };

    private IReadOnlyList<string> Table() => FleetTable.Render(Fleet.Daemons, time.GetUtcNow(), console.OutputTraits.Colour);
}

/// <summary>The fleet as the supervisor has described it last. It outlives the supervisor. Thread-safe.</summary>
internal sealed class FleetMirror
{
    private ImmutableList<DaemonSnapshot> _daemons = [];

    /// <summary>The daemons, in the order of the configuration.</summary>
    internal IReadOnlyList<DaemonSnapshot> Daemons => Volatile.Read(ref _daemons);

    internal void Set(IReadOnlyList<DaemonSnapshot> daemons) => Volatile.Write(ref _daemons, [.. daemons]);

    internal void Apply(FleetEvent happened)
    {
        if (happened.Kind == FleetEventKind.Removed)
        {
            ImmutableInterlocked.Update(ref _daemons, static (all, name) => all.RemoveAll(d => d.Name == name), happened.Daemon.Name);
        }
        else
        {
            Replace(happened.Daemon);
        }
    }

    internal void Replace(DaemonSnapshot daemon) => ImmutableInterlocked.Update(
        ref _daemons,
        static (all, daemon) => all.FindIndex(d => d.Name == daemon.Name) is >= 0 and var index ? all.SetItem(index, daemon) : all.Add(daemon),
        daemon);
}
