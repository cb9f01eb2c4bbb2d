using System.Diagnostics;
using MonitorAspire.AppHost.Tests.Distributed;
using MonitorAspire.Testing;

namespace MonitorAspire.AppHost.Tests;

/// <summary>The AppHost as a person runs it: a process of its own, whose output is read line by line.</summary>
internal sealed class AppHostProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly TaskCompletionSource _outputEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _errorEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private AppHostProcess(Process process) => _process = process;

    public int Pid => _process.Id;

    /// <summary>All lines that were printed so far. Lines of standard error begin with <c>!</c>.</summary>
    public string Output
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    public static AppHostProcess Start(params string[] arguments) => Start(new Dictionary<string, string?>(), arguments);

    public static AppHostProcess Start(IReadOnlyDictionary<string, string?> environment, params string[] arguments)
        => Start(Path.Combine(AppContext.BaseDirectory, "MonitorAspire.AppHost"), environment, Path.GetTempPath(), arguments);

    /// <summary>Starts another program.</summary>
    public static AppHostProcess Start(string executable, IReadOnlyDictionary<string, string?> environment, string workingDirectory, string[] arguments)
    {
        var start = new ProcessStartInfo(executable, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory,
        };
        start.Environment["Monitors__StartTimeout"] = FleetArguments.StartTimeout;
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var host = new AppHostProcess(new Process { StartInfo = start });
        host._process.OutputDataReceived += (_, e) => host.Receive("", e.Data, host._outputEnded);
        host._process.ErrorDataReceived += (_, e) => host.Receive("! ", e.Data, host._errorEnded);
        host._process.Start();
        host._process.BeginOutputReadLine();
        host._process.BeginErrorReadLine();
        return host;
    }

    /// <summary>Waits for a line that contains a text. If it does not come, the exception has all that was printed.</summary>
    public async Task<string> LineAsync(string part)
    {
        try
        {
            await Wait.UntilAsync(() => Find(part) is not null || _process.HasExited, $"a line with '{part}'");
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}. Printed:\n{Output}", e);
        }

        if (Find(part) is null)
        {
            await _outputEnded.Task;
            await _errorEnded.Task;
        }

        return Find(part) ?? throw new InvalidOperationException($"ended with {_process.ExitCode} and without a line with '{part}'. Printed:\n{Output}");
    }

    public void Signal(string name) => Signals.Send(Pid, name);

    public async Task<int> ExitCodeAsync()
    {
        using var limit = new CancellationTokenSource(Wait.Generous);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"the AppHost did not end. Printed:\n{Output}", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Signal("TERM");
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            try
            {
                await _process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
    }

    private string? Find(string part)
    {
        lock (_lines)
        {
            return _lines.Find(line => line.Contains(part, StringComparison.Ordinal));
        }
    }

    private void Receive(string mark, string? line, TaskCompletionSource ended)
    {
        if (line is null)
        {
            ended.TrySetResult();
            return;
        }

        lock (_lines)
        {
            _lines.Add(mark + line);
        }
    }
}
