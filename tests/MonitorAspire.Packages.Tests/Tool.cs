using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using MonitorAspire.Testing;

namespace MonitorAspire.Packages.Tests;

/// <summary>A program that a user runs.</summary>
internal sealed class Tool : IAsyncDisposable
{
    // A restore and a build on a busy machine.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly string _command;

    private Tool(string directory, string command, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(command, arguments) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true };

        // What the build and the runner of the tests set is not a user's.
        foreach (var name in start.Environment.Keys.Where(IsOfTheRunner).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment.Append(("MSBUILDDISABLENODEREUSE", "1")).Append(("DOTNET_CLI_USE_MSBUILD_SERVER", "0")))
        {
            start.Environment[name] = value;
        }

        _command = $"{command} {string.Join(' ', start.ArgumentList)}";
        _process = Process.Start(start)!;
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Output => string.Join('\n', _lines);

    public static Tool Start(string directory, string command, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
        => new(directory, command, arguments, environment);

    /// <summary>Runs dotnet to its end, which must be a success, and returns the output.</summary>
    public static async Task<string> DotNetAsync(string directory, params string[] arguments)
    {
        var (exitCode, output) = await RunAsync(directory, "dotnet", arguments);
        return exitCode == 0 ? output : throw new InvalidOperationException($"dotnet {string.Join(' ', arguments)} ended with {exitCode}:\n{output}");
    }

    public static async Task<(int ExitCode, string Output)> RunAsync(string directory, string command, params string[] arguments)
    {
        await using var tool = Start(directory, command, arguments);
        return (await tool.ExitAsync(), tool.Output);
    }

    /// <summary>Waits for a line that starts with a word, and returns the rest of it.</summary>
    public async Task<string> LineAsync(string word)
    {
        string? found = null;
        await Wait.UntilAsync(
            () => Task.FromResult((found = _lines.FirstOrDefault(line => line.StartsWith(word, StringComparison.Ordinal))) is not null
                || (_process.HasExited ? throw new InvalidOperationException($"{_command} ended with {_process.ExitCode}:\n{Output}") : false)),
            $"'{word}' from {_command}; its output:\n{Output}",
            Limit);
        return found![word.Length..].Trim();
    }

    public async Task InterruptAsync()
    {
        using var kill = Process.Start("kill", ["-INT", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Limit);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static bool IsOfTheRunner(string name)
        => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase) || name.StartsWith("TESTINGPLATFORM", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("MONITOR_", StringComparison.Ordinal) || name is "DOTNET_HOST_PATH" or "DOTNET_ROOT" or "DOTNET_ROOT_X64";

    private void Keep(object sender, DataReceivedEventArgs e)
    {
        if (e.Data is { } line)
        {
            _lines.Enqueue(line);
        }
    }
}
