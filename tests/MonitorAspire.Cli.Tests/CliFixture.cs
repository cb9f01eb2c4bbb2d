using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using MonitorAspire.Testing;

namespace MonitorAspire.Cli.Tests;

/// <summary>The real <c>monitor</c> executable with a temporary state directory. It stops what a test has started.</summary>
public sealed class CliFixture : IAsyncDisposable
{
    private static readonly string Monitor = Path.Combine(AppContext.BaseDirectory, "monitor");

    private readonly TemporaryDirectory _root = new();
    private readonly List<RunningCli> _running = [];

    public static string FaultDaemon { get; } = Path.Combine(AppContext.BaseDirectory, "fault-daemon");

    public string StateDirectory => _root["state"];

    public string WorkingDirectory => _root.Path;

    public string this[string name] => _root[name];

    public string File(int port, string extension) =>
        Path.Combine(StateDirectory, string.Create(CultureInfo.InvariantCulture, $"monitor-daemon-{port}.{extension}"));

    /// <summary>Arguments of a start of the faulty daemon. Without faults it answers <c>/health</c> with 200.</summary>
    public static string[] StartFaulty(int port, params string[] faults) => StartFaulty(port, [], faults);

    public static string[] StartFaulty(int port, string[] options, string[] faults) =>
        ["start", "--port", Text(port), .. options, "--", FaultDaemon, "--port", "{port}", "--host", "{host}", .. faults];

    public async Task<CliResult> RunAsync(params string[] arguments)
    {
        await using var running = Start(arguments);
        return await running.EndAsync();
    }

    public RunningCli Start(params string[] arguments) => Start(Monitor, arguments, []);

    public RunningCli Start(string executable, string[] arguments, Dictionary<string, string?> environment)
    {
        var start = new ProcessStartInfo(executable, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            WorkingDirectory = WorkingDirectory,
        };
        start.Environment["MONITOR_STATE_DIR"] = StateDirectory;
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var running = new RunningCli(Process.Start(start)!);
        _running.Add(running);
        return running;
    }

    /// <summary>Runs on a pseudo-terminal, with <c>script(1)</c>. Its output with all escape sequences is standard output.</summary>
    public async Task<CliResult> RunOnTerminalAsync(Dictionary<string, string?> environment, params string[] arguments)
    {
        var line = string.Join(' ', arguments.Prepend(Monitor).Select(a => $"'{a}'"));
        await using var running = Start("script", ["--quiet", "--return", "--command", line, "/dev/null"], environment);
        return await running.EndAsync();
    }

    /// <summary>
    /// Runs a command that asks a supervisor, until it has this exit code: the supervisor of a busy machine may not answer within the two seconds that
    /// the command waits.
    /// </summary>
    public async Task<CliResult> RunUntilAsync(int exitCode, params string[] arguments)
    {
        CliResult result = null!;
        await Wait.UntilAsync(async () => (result = await RunAsync(arguments)).ExitCode == exitCode, $"exit code {exitCode} of {string.Join(' ', arguments)}");
        return result;
    }

    public async Task<JsonElement> JsonUntilAsync(int exitCode, params string[] arguments)
    {
        using var document = JsonDocument.Parse((await RunUntilAsync(exitCode, arguments)).Out);
        return document.RootElement.Clone();
    }

    public async Task<JsonElement> JsonAsync(int exitCode, params string[] arguments)
    {
        var result = await RunAsync(arguments);
        Assert.Equal(exitCode, result.ExitCode);
        using var document = JsonDocument.Parse(result.Out);
        return document.RootElement.Clone();
    }

    /// <summary>The PID of the supervisor that <c>monitor up</c> has started.</summary>
    public async Task<int> SupervisorPidAsync()
    {
        int? pid = null;
        await Wait.UntilAsync(() => (pid = PidOf(this["state/up"])) is not null, "the supervisor's PID file");
        return pid!.Value;

        static int? PidOf(string directory) =>
            Directory.Exists(directory) && Directory.EnumerateFiles(directory, "*.pid", SearchOption.AllDirectories).FirstOrDefault() is { } file
                ? int.Parse(System.IO.File.ReadAllText(file), CultureInfo.InvariantCulture)
                : null;
    }

    public static void Signal(int pid, string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", Text(pid)]);
        kill.WaitForExit();
    }

    public static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        foreach (var running in _running)
        {
            await running.DisposeAsync();
        }

        if (Directory.Exists(StateDirectory))
        {
            await RunAsync("stop", "--all", "--grace", "500ms");
        }

        _root.Dispose();
    }
}
