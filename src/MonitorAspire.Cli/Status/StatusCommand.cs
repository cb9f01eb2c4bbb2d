using System.CommandLine;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Cli.Fleet;
using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli.Status;

/// <summary><c>monitor status</c>: shows the state of daemons, and changes nothing.</summary>
internal sealed class StatusCommand(CliContext context)
{
    private readonly DaemonOptions _daemon = new();
    private readonly Option<bool> _all = new("--all") { Description = "All daemons of the state directory." };
    private readonly Option<bool> _watch = new("--watch") { Description = "Refresh until Ctrl-C; in a pipe, print changes only." };
    private readonly DurationOption _interval = new("--interval", "Time between two looks of --watch:", TimeSpan.FromSeconds(1));
    private readonly DurationOption _timeout = new("--timeout", "Time limit of the health check, instead of the daemon's own or else 2s:", null);
    private readonly Option<bool> _json = CliOptions.Json();

    internal static Command Create(CliContext context)
    {
        var status = new StatusCommand(context);
        var command = new Command("status", "Say whether a daemon runs, owns its port and is healthy.")
        {
            status._daemon.NameArgument, status._daemon.Port, status._daemon.Host, status._daemon.HealthPath, status._daemon.StateDirectory,
            status._all, status._watch, status._interval, status._timeout, status._json,
        };
        command.Exclude(status._watch, status._json);
        command.Exclude(status._daemon.Port, status._all);
        command.ExcludeName(status._daemon.NameArgument, status._daemon.Port, status._all);
        command.SetAction(status.RunAsync);
        return command.WithHelp("""
            Examples:
              monitor status
              monitor status --all --watch
              monitor status --port 9000 --json
              monitor status web

            What a daemon waits for, or when it is tried again, is what its supervisor says.

            Exit codes (LSB): 0 running and healthy; 1 dead, but its PID file exists; 3 not running;
            4 unknown, foreign, unhealthy, still starting, or to be started by its supervisor; 2 usage.
            With --all, that of the worst; a daemon that is stopped counts where no other one runs.
            """);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var stateDirectory = _daemon.ResolveStateDirectory(parsed);
        var engine = context.EngineFor(stateDirectory);
        if (parsed.GetValue(_watch))
        {
            return await WatchAsync(parsed, engine, stateDirectory, cancellationToken).ConfigureAwait(false);
        }

        var (daemons, silent) = await LookAsync(parsed, engine, stateDirectory, cancellationToken).ConfigureAwait(false);
        if (!parsed.GetValue(_json))
        {
            Print(daemons, silent, stateDirectory);
        }
        else if (parsed.GetValue(_all))
        {
            context.Console.WriteJson(daemons, SupervisionJson.Default.IReadOnlyListDaemonInspection);
        }
        else
        {
            context.Console.WriteJson(daemons[0], SupervisionJson.Default.DaemonInspection);
        }

        return StatusExitCodes.For(daemons);
    }

    private async Task<(IReadOnlyList<DaemonInspection> Daemons, IReadOnlyList<string> Silent)> LookAsync(
        ParseResult parsed, IDaemonEngine engine, string stateDirectory, CancellationToken cancellationToken)
    {
        var options = new InspectOptions { HealthTimeout = parsed.GetValue(_timeout), MeasuresUse = true };
        var asked = Task.Run(() => Supervisors.AskAsync(stateDirectory, cancellationToken), cancellationToken);
        var all = parsed.GetValue(_all) ? await InspectAllAsync(engine, stateDirectory, options, cancellationToken).ConfigureAwait(false) : null;
        var supervisors = await asked.ConfigureAwait(false);
        var seen = all ?? [await engine.InspectAsync(Selected(parsed, stateDirectory, supervisors), options, cancellationToken).ConfigureAwait(false)];

        // A daemon that was never started has no files.
        var others = all is null ? [] : supervisors.Daemons.Where(d => seen.All(s => s.Port != d.Port)).ToList();
        var unseen = await Task.WhenAll(others.Select(d => engine.InspectAsync(SpecOf(d), options, cancellationToken))).ConfigureAwait(false);
        return ([.. seen.Concat(unseen).OrderBy(d => d.Port).Select(supervisors.Over)], [.. supervisors.Silent.Select(s => $"{s.Problem}; what its daemons wait for is not known")]);
    }

    private DaemonSpec Selected(ParseResult parsed, string stateDirectory, Supervisors supervisors)
    {
        // Also by a name that only a supervisor knows.
        var name = parsed.GetValue(_daemon.NameArgument);
        return name is not null && supervisors.Daemons.FirstOrDefault(d => string.Equals(d.Name, name, StringComparison.OrdinalIgnoreCase)) is { } daemon
            && KnownDaemons.Find(stateDirectory, daemon.Port) is { Record: null, Definition: null }
            ? DaemonOptions.Checked(_daemon.Over(SpecOf(daemon), parsed))
            : _daemon.Resolve(parsed, stateDirectory);
    }

    /// <summary>The specification of a daemon, as far as its supervisor tells it.</summary>
    internal static DaemonSpec SpecOf(DaemonSnapshot daemon) => KnownDaemons.Spec(daemon.Port, record: null) with { Name = daemon.Name, Host = daemon.Host };

    /// <summary>All daemons of a state directory: those that run or left a PID file, and those that are stopped but have a definition.</summary>
    internal static async Task<IReadOnlyList<DaemonInspection>> InspectAllAsync(
        IDaemonEngine engine, string stateDirectory, InspectOptions options, CancellationToken cancellationToken)
    {
        // An inspection seldom has to wait, so without threads of their own they would run one after the other.
        var seen = await Task.WhenAll(KnownDaemons.Ports(stateDirectory).Select(port => Task.Run(() => InspectAsync(KnownDaemons.Find(stateDirectory, port)), cancellationToken))).ConfigureAwait(false);

        // A lock file is never deleted. Without other files it only says that there was a daemon once.
        return [.. seen
            .Where(s => s.IsDefined || (s.Daemon.Verdict != InspectionVerdict.NotRunning && s.Daemon is not { Verdict: InspectionVerdict.Foreign, PidFileState: "missing" }))
            .Select(s => s.Daemon)];

        async Task<(bool IsDefined, DaemonInspection Daemon)> InspectAsync(KnownDaemon known) =>
            (known.Definition is not null, await engine.InspectAsync(known.ToSpec(), options, cancellationToken).ConfigureAwait(false));
    }

    private void Print(IReadOnlyList<DaemonInspection> daemons, IReadOnlyList<string> silent, string stateDirectory)
    {
        foreach (var line in Lines(daemons, silent, stateDirectory, context.Console.OutputTraits.Colour))
        {
            context.Console.Out.WriteLine(line);
        }
    }

    private IReadOnlyList<string> Lines(IReadOnlyList<DaemonInspection> daemons, IReadOnlyList<string> silent, string stateDirectory, bool colour) =>
        [.. daemons.Count > 0 ? StatusTable.Render(daemons, context.Time.GetUtcNow(), colour) : [$"no daemons in {stateDirectory}"], .. silent];

    private async Task<int> WatchAsync(ParseResult parsed, IDaemonEngine engine, string stateDirectory, CancellationToken cancellationToken)
    {
        var console = context.Console;
        var block = new LiveBlock(console.Out);
        var last = "";
        var code = StatusExitCodes.Unknown;
        using var timer = new PeriodicTimer(_interval.In(parsed), context.Time);
        try
        {
            do
            {
                var (daemons, silent) = await LookAsync(parsed, engine, stateDirectory, cancellationToken).ConfigureAwait(false);
                code = StatusExitCodes.For(daemons);
                if (console.OutputTraits.Redraw)
                {
                    block.Draw(Lines(daemons, silent, stateDirectory, console.OutputTraits.Colour));
                    continue;
                }

                // Uptime and latency always change, so a pipe gets changes of the state only.
                var states = string.Join('\n', daemons.Select(d => $"{d.Port} {d.Verdict} {d.Pid} {d.Reason} {d.Restarts} {d.Supervisor?.State} {string.Join(',', d.Supervisor?.WaitingFor ?? [])} {d.Supervisor?.ConsecutiveFailures}").Concat(silent));
                if (states != last)
                {
                    last = states;
                    Print(daemons, silent, stateDirectory);
                }
            }
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Ctrl-C ends a watch. The exit code is that of the last inspection.
        }

        return code;
    }
}

/// <summary>Exit codes of the status action of LSB init scripts.</summary>
internal static class StatusExitCodes
{
    internal const int Running = 0;

    /// <summary>Dead, but its PID file exists.</summary>
    internal const int Dead = 1;

    internal const int NotRunning = 3;

    /// <summary>Unknown, foreign, unhealthy, or still starting.</summary>
    internal const int Unknown = 4;

    internal static int For(InspectionVerdict verdict) => verdict switch
    {
        InspectionVerdict.Running => Running,
        InspectionVerdict.Dead => Dead,
        InspectionVerdict.NotRunning => NotRunning,
        _ => Unknown,
    };

    /// <summary>Of several daemons: the code of the worst. One that is stopped on purpose counts only where none runs.</summary>
    internal static int For(IReadOnlyCollection<DaemonInspection> daemons)
    {
        var codes = daemons.Select(d => StatusTable.IsPending(d) ? Unknown : For(d.Verdict)).ToHashSet();
        return codes.Count == 0 ? NotRunning : ((int[])[Unknown, Dead, Running, NotRunning]).First(codes.Contains);
    }
}
