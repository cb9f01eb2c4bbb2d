using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using MonitorAspire.Testing;

namespace MonitorAspire.Cli.Tests;

/// <summary>A <c>monitor</c> that is running.</summary>
public sealed class RunningCli : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _out = new();
    private readonly ConcurrentQueue<string> _error = new();

    internal RunningCli(Process process)
    {
        _process = process;
        process.StandardInput.Close();
        process.OutputDataReceived += (_, e) => Add(_out, e.Data);
        process.ErrorDataReceived += (_, e) => Add(_error, e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Pid => _process.Id;

    public IReadOnlyCollection<string> Out => _out;

    public IReadOnlyCollection<string> Error => _error;

    /// <summary>Waits for a line on standard output.</summary>
    public Task SeenAsync(string text) => Wait.UntilAsync(
        () => _out.Any(l => l.Contains(text, StringComparison.Ordinal)) ? true
            : _process.HasExited ? throw new InvalidOperationException($"ended with {_process.ExitCode} before '{text}': {string.Join('\n', _out)}\n{string.Join('\n', _error)}")
            : false,
        $"'{text}' on standard output");

    public void Signal(string name) => CliFixture.Signal(_process.Id, name);

    /// <summary>Waits for the end.</summary>
    public async Task<CliResult> EndAsync()
    {
        using var limit = new CancellationTokenSource(Wait.Generous);
        await _process.WaitForExitAsync(limit.Token);
        return new CliResult(_process.ExitCode, string.Join('\n', _out), string.Join('\n', _error));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Signal("TERM");
            try
            {
                await EndAsync();
            }
            catch (OperationCanceledException)
            {
                _process.Kill();
            }
        }
    }

    private static void Add(ConcurrentQueue<string> lines, string? line)
    {
        if (line is not null)
        {
            lines.Enqueue(line);
        }
    }
}

/// <summary>Exit code and output of a <c>monitor</c>.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Out">Standard output.</param>
/// <param name="Error">Standard error.</param>
public sealed record CliResult(int ExitCode, string Out, string Error)
{
    /// <summary>Bad input: this exit code, nothing on standard output, one line on standard error that says this.</summary>
    public void AssertOneLine(int exitCode, params string[] says)
    {
        Assert.Equal("", Out);
        var line = Assert.Single(Error.Split('\n'));
        Assert.StartsWith("monitor: ", line);
        Assert.All(says, s => Assert.Contains(s, line));
        Assert.Equal(exitCode, ExitCode);
    }

    public void AssertNoStackTrace() => Assert.DoesNotContain("   at ", Out + Error);
}
