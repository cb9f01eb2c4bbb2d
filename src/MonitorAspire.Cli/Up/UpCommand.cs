using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Cli.Up;

/// <summary><c>monitor up</c>: a fleet under the supervisor's program in the foreground.</summary>
internal sealed class UpCommand(CliContext context, Interrupts interrupts)
{
    private const int DefaultCount = 4;
    private const int DefaultSupervisorPort = 8760;

    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    private readonly Option<int> _count = CliOptions.Number("--count", "N", "How many built-in daemons, on consecutive ports.", 1, FleetTopology.MaximumCount, DefaultCount);
    private readonly Option<int> _basePort = CliOptions.Port("--base-port");
    private readonly Option<string?> _config = CliOptions.Text("--config", "FILE", "JSON file with a section 'Monitors': Count and BasePort, or a list Daemons.");
    private readonly Option<string?> _host = CliOptions.Host("Host name or address of the daemons. [default: 127.0.0.1, or what the file says]");
    private readonly Option<int> _supervisorPort = CliOptions.Port("--supervisor-port", "Port of the supervisor's REST API on 127.0.0.1.", DefaultSupervisorPort);
    private readonly Option<string?> _dashboard = Dashboard();
    private readonly Option<string?> _stateDirectory = CliOptions.StateDirectory();
    private readonly DurationOption _timeout = CliOptions.StartTimeout();
    private readonly Option<bool> _json = CliOptions.Json("Print the events as one JSON array, an event a line, closed at the end.");

    internal static Command Create(CliContext context, Interrupts interrupts)
    {
        var up = new UpCommand(context, interrupts);
        var command = new Command("up", "Run a fleet and its supervisor until Ctrl-C: verified starts, restarts with back-off, crash-loop limit.")
        {
            up._count, up._basePort, up._config, up._host, up._supervisorPort, up._dashboard, up._stateDirectory, up._timeout, up._json,
        };
        command.Exclude(up._count, up._config);
        command.Exclude(up._basePort, up._config);
        command.SetAction(up.RunAsync);
        return command.WithHelp("""
            Examples:
              monitor up                                  four daemons on 8768-8771
              monitor up --count 10 --base-port 9000
              monitor up --dashboard                      the same with the Aspire dashboard
              monitor up --config fleet.json              a changed file is applied while the fleet runs
                fleet.json: { "Monitors": { "Daemons": [
                  { "Name": "web", "Port": 9000, "HealthPath": "/",
                    "Command": "python3", "Arguments": ["-m", "http.server", "{port}", "--bind", "{host}"] } ] } }

            If 'monitor up' is killed, the daemons live on; the next 'monitor up' takes them over.

            Exit codes: 0 ended by Ctrl-C or SIGTERM and all daemons are stopped; 2 usage or a bad file; 4 the supervisor's
            port is in use; 7 no permission; 8 another supervisor looks after the state directory; 1 anything else.
            If no daemon of the fleet can ever be started: that of 'monitor start'.
            """);
    }

    private static Option<string?> Dashboard()
    {
        var option = CliOptions.Text("--dashboard", "URL", "Open the Aspire dashboard with the fleet in it, by the 'aspire' tool. [default address: http://127.0.0.1:18888]");
        option.Arity = ArgumentArity.ZeroOrOne;
        return option;
    }

    private Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken) =>
        new UpRun(context, interrupts, Settings(parsed)).RunAsync(cancellationToken);

    private UpSettings Settings(ParseResult parsed)
    {
        var arguments = new List<string>();
        List<int> ports = parsed.GetValue(_config) is null ? [.. Enumerable.Range(parsed.GetValue(_basePort), parsed.GetValue(_count))] : [];
        var supervisorPort = parsed.GetValue(_supervisorPort);
        if (ports.Contains(supervisorPort))
        {
            throw new UsageException($"port {supervisorPort} is given to the supervisor and to a daemon; each needs its own");
        }

        var config = parsed.GetValue(_config);
        string? configured = null;
        if (config is not null)
        {
            configured = StateDirectoryIn(config);
            arguments.AddRange("--config", Path.GetFullPath(config));
        }

        // What was not typed is left to the configuration.
        AddIfGiven("--count", _count, parsed.GetValue(_count));
        AddIfGiven("--base-port", _basePort, parsed.GetValue(_basePort));
        AddIfGiven("--Monitors:Host", _host, parsed.GetValue(_host));
        AddIfGiven("--Monitors:StartTimeout", _timeout, _timeout.In(parsed));
        var stateDirectory = DaemonOptions.ResolveStateDirectory(parsed.GetValue(_stateDirectory) ?? configured);
        arguments.AddRange("--state-dir", stateDirectory);
        var dashboard = parsed.GetValue(_dashboard);
        return new UpSettings(
            stateDirectory,
            supervisorPort,
            SupervisorArguments: arguments,
            DaemonPorts: ports,
            Dashboard: DaemonOptions.IsGiven(parsed, _dashboard),
            DashboardAddress: dashboard is null ? null : DashboardAddress(dashboard, [.. ports, supervisorPort]),
            Json: parsed.GetValue(_json));

        void AddIfGiven<T>(string name, Option option, T value)
        {
            if (DaemonOptions.IsGiven(parsed, option))
            {
                arguments.AddRange(name, string.Create(CultureInfo.InvariantCulture, $"{value}"));
            }
        }
    }

    /// <summary>The state directory that a file names, which is needed here too; everything else in it is the supervisor's business. A file
    /// without the section is an error, because a misspelt section would mean the default fleet.</summary>
    internal static string? StateDirectoryIn(string path)
    {
        if (RegularFile.WhyNot(path) is { } problem)
        {
            throw new UsageException($"{path}: {problem}");
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), Lenient);
            var section = Property(document.RootElement, MonitorsOptions.Section)
                ?? throw new UsageException($"{path}: there is no section '{MonitorsOptions.Section}'");
            return Property(section, nameof(MonitorsOptions.StateDirectory)) is { ValueKind: JsonValueKind.String } directory ? directory.GetString() : null;
        }
        catch (JsonException e)
        {
            throw new UsageException($"{path}: not JSON at line {e.LineNumber + 1}: {e.Message}");
        }
        catch (InvalidOperationException)
        {
            throw new UsageException($"{path}: a name or the state directory is not valid Unicode");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{path}: cannot be read: {e.Message}");
        }
    }

    // Names in configuration are the same in upper and lower case.
    private static JsonElement? Property(JsonElement element, string name) => element.ValueKind != JsonValueKind.Object
        ? null
        : element.EnumerateObject().Where(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(p => (JsonElement?)p.Value).FirstOrDefault();

    private static Uri DashboardAddress(string text, List<int> taken) =>
        !Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttp || url.AbsolutePath != "/" || url.Port < 1
            ? throw new UsageException($"--dashboard: '{text}' is not an address like http://127.0.0.1:18888")
            : !url.IsLoopback
            ? throw new UsageException($"--dashboard: '{text}' is not a loopback address; the dashboard shows logs and is for this machine only")
            : taken.Contains(url.Port)
            ? throw new UsageException($"--dashboard: port {url.Port} is given to the supervisor or to a daemon")
            : url;
}

/// <summary>What <c>monitor up</c> was told. The supervisor's arguments are without its address and port. The ports of daemons in a file
/// are not known here. Without a dashboard address the dashboard has its usual port or, if that is taken, a free one.</summary>
internal sealed record UpSettings(
    string StateDirectory, int SupervisorPort, IReadOnlyList<string> SupervisorArguments, IEnumerable<int> DaemonPorts,
    bool Dashboard, Uri? DashboardAddress, bool Json);
