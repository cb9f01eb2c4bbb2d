using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using MonitorAspire.Testing;

namespace MonitorAspire.Cli.Tests.Documentation;

/// <summary>
/// Runs the blocks that a page marks with <c>&lt;!-- runs --&gt;</c>, one after the other as a reader does, and compares what is printed with
/// what the page shows. Numbers (PIDs, times, ports) may differ.
/// </summary>
public sealed partial class DocumentedRunTests : IAsyncDisposable
{
    // The pages write every path for the same reader.
    private const string StateDirectoryOnPages = "/home/ada/.local/state/monitor-aspire";
    private const string WorkingDirectoryOnPages = "/home/ada/shop";

    /// <summary>The pages write the PID of a program in the background into this file.</summary>
    private const string BackgroundPid = "up.pid";

    private readonly CliFixture _fixture = new();
    private readonly Dictionary<string, string> _ports = new(StringComparer.Ordinal);

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(_fixture[BackgroundPid]))
        {
            await using var end = _fixture.Start("sh", ["-c", $"read pid < {BackgroundPid}; kill $pid; while kill -0 $pid; do sleep 0.05; done"], []);
            await end.EndAsync();
        }

        await _fixture.DisposeAsync();
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("docs/guide.md")]
    public async Task MarkedBlocks_OfAPage_RunAndPrintWhatThePageShows(string path)
    {
        var blocks = new MarkdownPage(path).Blocks.Where(b => b.ExitCode is not null).ToList();
        Assert.NotEmpty(blocks);
        foreach (var block in blocks)
        {
            var commands = block.Commands().Where(c => !c.Command.StartsWith("dotnet ", StringComparison.Ordinal)).ToList();
            foreach (var (command, output) in commands)
            {
                var shown = Comparable($"{block.Place}: {command}\n{string.Join('\n', output)}");
                var watch = Stopwatch.StartNew();
                int exitCode;
                string printed, compared;
                do
                {
                    (exitCode, printed) = await RunAsync(OnFreePorts(command));
                    compared = Comparable($"{block.Place}: {command}\n{printed}");
                }
                while (block.Language == "console" && compared != shown && IsLookAtAFleet(command) && watch.Elapsed < Wait.Generous);

                Assert.True(
                    exitCode == (command == commands[^1].Command ? block.ExitCode : 0),
                    $"{block.Place}: '{command}' ended with {exitCode}: {printed}");
                if (block.Language == "console")
                {
                    Assert.Equal(shown, compared);
                }
            }
        }
    }

    // A fleet in the background comes to what the page shows.
    private bool IsLookAtAFleet(string command) => File.Exists(_fixture[BackgroundPid]) && (command.StartsWith("monitor status", StringComparison.Ordinal) || command.StartsWith("grep", StringComparison.Ordinal));

    private async Task<(int ExitCode, string Printed)> RunAsync(string command)
    {
        await using var shell = _fixture.Start("bash", ["-c", $"{{ {command} ; }} 2>&1"], new() { ["PATH"] = $"{AppContext.BaseDirectory}:{Environment.GetEnvironmentVariable("PATH")}" });
        var result = await shell.EndAsync();
        if (Killed().Match(command) is { Success: true } killed)
        {
            // SIGKILL returns before the process has ended.
            await Wait.UntilAsync(async () => (await _fixture.RunAsync("status", "--port", killed.Groups[1].Value)).ExitCode == 1, $"the end of the daemon on port {killed.Groups[1].Value}");
        }

        return (result.ExitCode, result.Out);
    }

    /// <summary>The ports of the pages may be in use here, by other tests too. A command that names no port means 8768.</summary>
    private string OnFreePorts(string command)
    {
        var explicitly = NamesNoPort().Replace(command, "$0 --port 8768").Replace("~/.local/state/monitor-aspire", _fixture.StateDirectory, StringComparison.Ordinal);

        // In the same order: a table is sorted by them.
        var missing = Port().Matches(explicitly).Select(match => match.Value).Distinct().Where(port => !_ports.ContainsKey(port)).Order(StringComparer.Ordinal).ToList();
        foreach (var (port, free) in missing.Zip(missing.Select(_ => FreePort.Next()).Order()))
        {
            _ports[port] = free.ToString(CultureInfo.InvariantCulture);
        }

        return Port().Replace(explicitly, match => _ports[match.Value]);
    }

    private string Comparable(string text) =>
        Spaces().Replace(Time().Replace(Number().Replace(text.Replace(_fixture.StateDirectory, StateDirectoryOnPages, StringComparison.Ordinal).Replace(_fixture.WorkingDirectory, WorkingDirectoryOnPages, StringComparison.Ordinal), "0"), "0 s"), " ").TrimEnd();

    [GeneratedRegex(@"^kill .*monitor-daemon-(\d+)\.pid")]
    private static partial Regex Killed();

    [GeneratedRegex(@"^monitor (start|stop|status|restart|logs)(?! \w)(?!.*(--port|--all))")]
    private static partial Regex NamesNoPort();

    [GeneratedRegex(@"\b(87|90)\d\d\b")]
    private static partial Regex Port();

    [GeneratedRegex(@"\d+(\.\d+)*")]
    private static partial Regex Number();

    [GeneratedRegex(@"\b0 ?(ms|s)\b")]
    private static partial Regex Time();

    [GeneratedRegex("[ \t]+")]
    private static partial Regex Spaces();
}
