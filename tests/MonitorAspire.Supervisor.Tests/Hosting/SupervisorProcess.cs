using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Hosting;

/// <summary>A real supervisor with real daemons.</summary>
internal sealed class SupervisorProcess : IAsyncDisposable
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(10) };

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly ConcurrentQueue<string> _output = new();

    private SupervisorProcess(Process process, int port)
    {
        _process = process;
        Port = port;
        process.OutputDataReceived += (_, e) => Keep(_output, e.Data);
        process.ErrorDataReceived += (_, e) => Keep(_errors, e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public static string Executable { get; } = Path.Combine(
        AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "monitor-aspire-supervisor.exe" : "monitor-aspire-supervisor");

    public int Pid => _process.Id;

    public int Port { get; }

    public IReadOnlyCollection<string> Errors => _errors;

    public IReadOnlyCollection<string> Output => _output;

    public static SupervisorProcess Start(int port, string stateDirectory, IEnumerable<string> arguments, params (string Name, string? Value)[] environment)
        => Start(Executable, ["--port", Text(port), "--state-dir", stateDirectory, .. arguments], port, environment);

    public static SupervisorProcess Start(string executable, IEnumerable<string> arguments, int port, params (string Name, string? Value)[] environment)
    {
        var start = new ProcessStartInfo(executable, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(IsOurs).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new SupervisorProcess(Process.Start(start)!, port);
    }

    /// <summary>
    /// Starts the supervisor under a shell that looks like systemd and waits for the supervisor. The first line of the output is the
    /// supervisor's PID. The framework detects systemd by the name of the parent process.
    /// </summary>
    /// <param name="systemd">Path for the copy of the shell; the last component is <c>systemd</c>.</param>
    public static SupervisorProcess StartUnderSystemd(string systemd, IEnumerable<string> arguments, int port, params (string Name, string? Value)[] environment)
    {
        File.Copy("/bin/sh", systemd);
        return Start(systemd, ["-c", "\"$0\" \"$@\" & echo $!; wait $!", Executable, .. arguments], port, environment);
    }

    public async Task<IReadOnlyList<DaemonSnapshot>> DaemonsAsync()
        => JsonSerializer.Deserialize(await GetAsync("/api/daemons"), SupervisionJson.Default.IReadOnlyListDaemonSnapshot)!;

    /// <summary>Sends a request with the token that is in the state directory.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string stateDirectory, string? json = null)
    {
        using var request = new HttpRequestMessage(method, new Uri($"http://127.0.0.1:{Port}{path}"));
        request.Content = json is null ? null : new StringContent(json, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        var token = await File.ReadAllTextAsync(new SupervisorFiles(stateDirectory, Port).Token);
        request.Headers.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", token.Trim());
        return await Http.SendAsync(request);
    }

    public Task<string> GetAsync(string path) => Http.GetStringAsync(new Uri($"http://127.0.0.1:{Port}{path}"));

    /// <summary>The body of a GET with the token that is in the state directory.</summary>
    public async Task<string> GetAsync(string path, string stateDirectory)
    {
        using var response = await SendAsync(HttpMethod.Get, path, stateDirectory);
        return await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
    }

    /// <summary>Waits until so many daemons run, and returns them.</summary>
    public async Task<IReadOnlyList<DaemonSnapshot>> RunningAsync(int count)
    {
        IReadOnlyList<DaemonSnapshot> daemons = [];
        await Wait.UntilAsync(
            async () =>
            {
                if (_process.HasExited)
                {
                    throw new InvalidOperationException($"it exited with {_process.ExitCode}: {string.Join('\n', _errors)}");
                }

                try
                {
                    daemons = await DaemonsAsync();
                }
                catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
                {
                    return false;
                }

                return daemons.Count == count && daemons.All(d => d.State == DaemonState.Running);
            },
            $"{count} running daemons");
        return daemons;
    }

    public Task SignalAsync(string signal) => SignalAsync(Pid, signal);

    public static async Task SignalAsync(int pid, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", Text(pid)]);
        await kill.WaitForExitAsync().WaitAsync(Wait.Generous);
    }

    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Wait.Generous);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // A stop in order leaves no daemon running. Killed only if that hangs.
            await SignalAsync("TERM");
            try
            {
                await _process.WaitForExitAsync().WaitAsync(Wait.Generous);
            }
            catch (TimeoutException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
    }

    private static bool IsOurs(string name)
        => name.StartsWith("MONITOR_", StringComparison.Ordinal) || name.StartsWith("OTEL_", StringComparison.Ordinal)
            || name.StartsWith("Monitors__", StringComparison.Ordinal) || name is "ASPNETCORE_URLS" or "URLS";

    private static void Keep(ConcurrentQueue<string> lines, string? line)
    {
        if (line is not null)
        {
            lines.Enqueue(line);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
