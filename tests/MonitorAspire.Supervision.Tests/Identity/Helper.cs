using System.Diagnostics;

namespace MonitorAspire.Supervision.Tests.Identity;

/// <summary>A python3 process that does as it is told and ends with the test. It writes one line when it is ready.</summary>
public sealed class Helper : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly Process _process;

    private Helper(Process process, string firstLine) => (_process, FirstLine) = (process, firstLine);

    /// <summary>What it wrote.</summary>
    public string FirstLine { get; }

    public int Pid => _process.Id;

    /// <summary>Starts it and waits for its line; after the script it waits for the end of its input.</summary>
    public static Helper Start(string script, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("python3")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            ArgumentList = { "-c", script + "\nimport sys\nsys.stdin.read()\n" },
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Limit);
        var line = process.StandardOutput.ReadLineAsync(limit.Token).AsTask().GetAwaiter().GetResult();
        return new Helper(process, line ?? throw new InvalidOperationException("The helper ended without a word."));
    }

    public void Kill()
    {
        _process.Kill();
        Assert.True(_process.WaitForExit(Limit));
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
    }
}
