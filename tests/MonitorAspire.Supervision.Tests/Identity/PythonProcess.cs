using System.Diagnostics;

namespace MonitorAspire.Supervision.Tests.Identity;

/// <summary>A python3 process that runs a script and ends with the test. The script writes one line when it is ready.</summary>
public sealed class PythonProcess : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly Process _process;

    private PythonProcess(Process process, string firstLine) => (_process, FirstLine) = (process, firstLine);

    /// <summary>The line that it wrote.</summary>
    public string FirstLine { get; }

    public int Pid => _process.Id;

    /// <summary>Starts it and waits for its line. After the script it waits for the end of its input.</summary>
    public static PythonProcess Start(string script, params (string Name, string Value)[] environment)
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
        return new PythonProcess(process, line ?? throw new InvalidOperationException("The process ended without writing a line."));
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
