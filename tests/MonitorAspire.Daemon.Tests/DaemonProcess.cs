using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using MonitorAspire.Testing;

namespace MonitorAspire.Daemon.Tests;

/// <summary>A real daemon process, started as any launcher would start it.</summary>
internal sealed class DaemonProcess : IAsyncDisposable
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _errors = new();

    private DaemonProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, e) => Keep(_output, e.Data);
        process.ErrorDataReceived += (_, e) => Keep(_errors, e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public static string Executable { get; } = Path.Combine(
        AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "monitor-aspire-daemon.exe" : "monitor-aspire-daemon");

    public int Pid => _process.Id;

    public IReadOnlyCollection<string> Output => _output;

    public IReadOnlyCollection<string> Errors => _errors;

    public static DaemonProcess Start(IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string?>>? environment = null)
    {
        return Start(new ProcessStartInfo(Executable, arguments), environment);
    }

    /// <summary>
    /// Starts a daemon for which file permissions count. If the tests run as root, setpriv(1) takes all capabilities away. The user stays
    /// root, so that the process can read the program in every directory.
    /// </summary>
    public static DaemonProcess StartUnprivileged(IEnumerable<string> arguments) => Start(
        Environment.IsPrivilegedProcess
            ? new ProcessStartInfo("setpriv", ["--inh-caps=-all", "--bounding-set=-all", Executable, .. arguments])
            : new ProcessStartInfo(Executable, arguments),
        environment: null);

    private static DaemonProcess Start(ProcessStartInfo start, IEnumerable<KeyValuePair<string, string?>>? environment)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        foreach (var name in start.Environment.Keys.Where(IsOurs).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment ?? [])
        {
            start.Environment[name] = value;
        }

        return new DaemonProcess(Process.Start(start)!);
    }

    /// <summary>Starts a daemon on a port and waits until it answers.</summary>
    public static async Task<DaemonProcess> StartServingAsync(
        int port, string stateDirectory, string host = "127.0.0.1", IEnumerable<KeyValuePair<string, string?>>? environment = null, string? ask = null)
    {
        var daemon = Start(["--port", Text(port), "--host", host, "--state-dir", stateDirectory], environment);
        await daemon.ServesAsync(port, ask);
        return daemon;
    }

    public Task ServesAsync(int port, string? ask = null) => Wait.UntilAsync(
        async () => _process.HasExited
            ? throw new InvalidOperationException($"it exited with {_process.ExitCode}: {string.Join('\n', _errors)}")
            : await AnswersAsync(port, ask ?? "127.0.0.1"),
        $"an answer on port {port}");

    public static async Task<JsonElement> HealthAsync(int port, string host = "127.0.0.1", string path = "/health")
        => JsonDocument.Parse(await Http.GetStringAsync(new Uri($"http://{host}:{port}{path}"))).RootElement;

    /// <summary>Waits for the exit code.</summary>
    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Wait.Generous);
        return _process.ExitCode;
    }

    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", Text(Pid)]);
        await kill.WaitForExitAsync().WaitAsync(Wait.Generous);
        Assert.Equal(0, kill.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static async Task<bool> AnswersAsync(int port, string host)
    {
        try
        {
            await HealthAsync(port, host);
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or TaskCanceledException)
        {
            return false;
        }
    }

    // The tests themselves may run under a launcher that sets these.
    private static bool IsOurs(string name)
        => name.StartsWith("MONITOR_", StringComparison.Ordinal) || name.StartsWith("OTEL_", StringComparison.Ordinal) || name is "TRACEPARENT" or "TRACESTATE";

    private static void Keep(ConcurrentQueue<string> lines, string? line)
    {
        if (line is not null)
        {
            lines.Enqueue(line);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
