using System.Globalization;
using System.Net.Http.Json;
using MonitorAspire.AppHost.Tests.Browser;
using MonitorAspire.AppHost.Tests.Distributed;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Testing;

namespace MonitorAspire.AppHost.Tests.Up;

/// <summary>A running <c>monitor up</c>, and what its supervisor says about the fleet.</summary>
internal sealed class RunningUp : IAsyncDisposable
{
    private readonly FleetArguments _fleet;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });

    private RunningUp(FleetArguments fleet, AppHostProcess process)
    {
        _fleet = fleet;
        Process = process;
    }

    internal static string Repository { get; } = FindRepository();

    internal AppHostProcess Process { get; }

    /// <summary>Starts it for a fleet of built-in daemons.</summary>
    internal static RunningUp Start(FleetArguments fleet, params string[] more) => new(fleet, StartProcess(new Dictionary<string, string?>(), [.. fleet.Common, .. more]));

    /// <summary>Starts it with any arguments, in the repository's directory, where the tool manifest is.</summary>
    internal static AppHostProcess StartProcess(IReadOnlyDictionary<string, string?> environment, params string[] arguments)
        => AppHostProcess.Start(Path.Combine(AppContext.BaseDirectory, "monitor"), environment, Repository, ["up", .. arguments]);

    /// <summary>Skips the test where the aspire tool cannot be run. The gate needs it.</summary>
    internal static void NeedAspireTool()
    {
        var start = new System.Diagnostics.ProcessStartInfo("dotnet", ["tool", "run", "aspire", "--", "--version"])
        {
            WorkingDirectory = Repository, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = System.Diagnostics.Process.Start(start)!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        HeadlessChromium.Need(process.ExitCode == 0, "the aspire tool is not restored (dotnet tool restore)");
    }

    /// <summary>The daemons; empty while the supervisor does not answer.</summary>
    internal async Task<IReadOnlyList<DaemonSnapshot>> DaemonsAsync()
    {
        try
        {
            return (await _http.GetFromJsonAsync(
                string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_fleet.SupervisorPort}/api/daemons"), SupervisionJson.Default.IReadOnlyListDaemonSnapshot))!;
        }
        catch (HttpRequestException)
        {
            return [];
        }
    }

    /// <summary>Waits until all daemons are running, and returns them.</summary>
    internal async Task<IReadOnlyList<DaemonSnapshot>> AllRunningAsync()
    {
        IReadOnlyList<DaemonSnapshot> daemons = [];

        // The supervisor of an earlier run that was killed may still answer for a moment.
        await Process.LineAsync("Supervisor: ");
        try
        {
            await Wait.UntilAsync(
                async () => (daemons = await DaemonsAsync()).Count == _fleet.Count && daemons.All(d => d.State == DaemonState.Running), "all daemons running");
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}. Printed:\n{Process.Output}", e);
        }

        return daemons;
    }

    /// <summary>PID of the supervisor, from its PID file.</summary>
    internal static int SupervisorPid(FleetArguments fleet)
    {
        var port = fleet.SupervisorPort.ToString(CultureInfo.InvariantCulture);
        return int.Parse(File.ReadAllText(Path.Combine(fleet.StateDirectory, "up", port, $"monitor-daemon-{port}.pid")), CultureInfo.InvariantCulture);
    }

    /// <summary>Stops it as a user does.</summary>
    internal async Task StopAsync(string signal = "INT")
    {
        Process.Signal(signal);
        var exitCode = await Process.ExitCodeAsync();
        Assert.True(exitCode == 0, $"ended with {exitCode}:\n{Process.Output}");
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        _http.Dispose();
    }

    private static string FindRepository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "MonitorAspire.sln")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("the tests do not run in a checkout");
        }

        return directory.FullName;
    }
}
