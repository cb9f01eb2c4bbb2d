using System.CommandLine;
using System.CommandLine.Parsing;
using Microsoft.Extensions.Logging.Abstractions;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Cli.Up;

/// <summary><c>monitor up</c>: a fleet under supervision in the foreground.</summary>
internal sealed class UpCommand
{
    private const int DefaultCount = 4;

    private readonly CliContext _context;
    private readonly Interrupts _interrupts;
    private readonly Option<int> _count = CliOptions.Number("--count", "N", "How many built-in daemons, on consecutive ports.", 1, FleetTopology.MaximumCount, DefaultCount);
    private readonly Option<int> _basePort = CliOptions.Port("--base-port");
    private readonly Option<string?> _config = CliOptions.Text("--config", "FILE", "JSON file with a section 'Monitors': Count and BasePort, or a list Daemons.");
    private readonly Option<string?> _host = CliOptions.Host("Host name or address of the daemons. [default: 127.0.0.1, or what the file says]");
    private readonly Option<string?> _stateDirectory = CliOptions.StateDirectory();
    private readonly DurationOption _timeout = CliOptions.StartTimeout();
    private readonly Option<bool> _json = CliOptions.Json("Print the events as one JSON array, an event a line, closed at the end.");

    private UpCommand(CliContext context, Interrupts interrupts)
    {
        _context = context;
        _interrupts = interrupts;
    }

    internal static Command Create(CliContext context, Interrupts interrupts)
    {
        var up = new UpCommand(context, interrupts);
        var command = new Command("up", "Run a fleet under supervision until Ctrl-C: verified starts, restarts with back-off, crash-loop limit.")
        {
            up._count, up._basePort, up._config, up._host, up._stateDirectory, up._timeout, up._json,
        };
        command.Validators.Add(up.Validate);
        command.SetAction(up.RunAsync);
        return command.WithHelp("""
            Examples:
              monitor up                                  four daemons on 8768-8771
              monitor up --count 10 --base-port 9000
              monitor up --config fleet.json
                fleet.json: { "Monitors": { "Daemons": [
                  { "Name": "web", "Port": 9000, "HealthPath": "/",
                    "Command": "python3", "Arguments": ["-m", "http.server", "{port}", "--bind", "{host}"] } ] } }

            Exit codes: 0 ended by Ctrl-C or SIGTERM and all daemons are stopped; 2 usage or a bad file; 1 anything else.
            When no daemon of the fleet can be started, however often it is tried: that of 'monitor start'.
            """);
    }

    private void Validate(CommandResult result)
    {
        if (result.GetResult(_config) is { Implicit: false })
        {
            foreach (var option in (Option[])[_count, _basePort])
            {
                if (result.GetResult(option) is { Implicit: false })
                {
                    result.AddError($"{option.Name} and --config exclude each other");
                }
            }
        }
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var options = BuildOptions(parsed);
        var specs = FleetTopology.Resolve(options, out var errors);
        if (errors.Count > 0)
        {
            throw new UsageException(parsed.GetValue(_config) is { } path ? $"{path}: {errors[0]}" : errors[0]);
        }

        await using var fleet = new FleetSupervisor(
            _context.EngineFor(options.StateDirectory!),
            specs,
            FleetOptions.From(options, options.StateDirectory!),
            NullLogger<FleetSupervisor>.Instance,
            _context.Time);
        var view = new FleetView(_context.Console, _context.Time, parsed.GetValue(_json));
        using var down = new CancellationTokenSource();
        var shown = view.ShowAsync(fleet, down.Token);
        await fleet.BeginAsync(CancellationToken.None).ConfigureAwait(false);
        var hopeless = await WaitAsync(fleet, cancellationToken).ConfigureAwait(false);
        await fleet.EndAsync(_interrupts.Hard).ConfigureAwait(false);
        await down.CancelAsync().ConfigureAwait(false);
        await shown.ConfigureAwait(false);
        view.Finish(fleet);
        return hopeless is null ? Leftovers(fleet, options.StopDaemonsOnShutdown) : GiveUp(hopeless);
    }

    /// <summary>
    /// Waits for Ctrl-C, or until every daemon has failed in a way that no retry mends: nobody could change that here, and to
    /// wait on would look like work. Gives the first such failure, or <see langword="null"/> after Ctrl-C.
    /// </summary>
    private static async Task<DaemonSnapshot?> WaitAsync(FleetSupervisor fleet, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var _ in fleet.WatchAsync(afterId: 0, cancellationToken).ConfigureAwait(false))
            {
                var daemons = fleet.Daemons;
                if (daemons.All(d => d.State == DaemonState.Failed))
                {
                    return daemons[0];
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C.
        }

        return null;
    }

    private int GiveUp(DaemonSnapshot first)
    {
        var failure = first.LastFailure;
        _context.Console.Fail(
            $"no daemon can be started: {first.Name}: {(failure is null ? "failed" : $"{WireNames.Of(failure.Reason)}: {failure.Detail}")}");
        return failure is null ? ExitCodes.Failure : ExitCodes.For(failure.Reason);
    }

    private int Leftovers(FleetSupervisor fleet, bool shouldBeStopped)
    {
        var left = fleet.Daemons.Where(d => d.Pid is not null).ToList();
        foreach (var daemon in left)
        {
            if (shouldBeStopped)
            {
                _context.Console.Fail($"{daemon.Name} could not be stopped: PID {daemon.Pid} still lives");
            }
            else
            {
                _context.Console.Note($"{daemon.Name} goes on without supervision: PID {daemon.Pid}");
            }
        }

        return left.Count == 0 || !shouldBeStopped ? ExitCodes.Success : ExitCodes.Failure;
    }

    private MonitorsOptions BuildOptions(ParseResult parsed)
    {
        var options = parsed.GetValue(_config) is { } path
            ? FleetFile.Read(path)
            : new MonitorsOptions { Count = parsed.GetValue(_count), BasePort = parsed.GetValue(_basePort) };
        options.Host = parsed.GetValue(_host) ?? options.Host;
        options.StateDirectory = DaemonOptions.ResolveStateDirectory(parsed.GetValue(_stateDirectory) ?? options.StateDirectory);
        if (parsed.GetResult(_timeout) is { Implicit: false })
        {
            options.StartTimeout = _timeout.In(parsed);
        }

        return options;
    }
}
