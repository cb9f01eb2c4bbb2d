using System.Diagnostics;
using System.Runtime.InteropServices;

namespace MonitorAspire.ProcessBenchmarks.Measuring;

/// <summary>Runs other programs.</summary>
internal static partial class Commands
{
    public const int SigHup = 1;
    private const int SigKill = 9;
    private const int SigTerm = 15;

    /// <summary>Whether the harness was told to end: then no supervisor may be started any more.</summary>
    public static bool IsEnding { get; set; }

    /// <summary>Runs a program to its end, and returns its output.</summary>
    /// <exception cref="InvalidOperationException">Its exit code is not 0.</exception>
    public static string Run(string program, params IEnumerable<string> arguments) => Run(program, null, arguments).Output;

    /// <summary>Runs a program to its end. The time is that of its exit, before its output is read.</summary>
    public static (long Ended, string Output) Run(string program, IReadOnlyDictionary<string, string>? environment, IEnumerable<string> arguments)
    {
        using var process = Start(program, environment, arguments);
        process.StandardInput.Close();
        process.WaitForExit();
        var ended = Clock.Now;
        var output = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        return process.ExitCode == 0
            ? (ended, output)
            : throw new InvalidOperationException($"{program} ended with exit code {process.ExitCode}: {output}");
    }

    /// <summary>Starts a program with pipes. It must not write more than a pipe holds, unless the caller reads its output.</summary>
    public static Process Start(string program, IReadOnlyDictionary<string, string>? environment, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Starts a program whose output goes to a file. The shell replaces itself, so the PID is the program's own.</summary>
    public static Process StartWithLog(string log, string program, params IEnumerable<string> arguments) => IsEnding
        ? throw new OperationCanceledException("the harness was told to end")
        : Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", log, program, .. arguments]))!;

    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Append("/usr/sbin").Append("/sbin")
        .Select(directory => Path.Combine(directory, program))
        .FirstOrDefault(File.Exists);

    public static void Kill(int pid) => Send(pid, SigKill);

    /// <summary>Sends a signal. A process that has ended already is no error.</summary>
    public static void Send(int pid, int signal) => _ = SendSignal(pid, signal);

    /// <summary>SIGTERM, and SIGKILL if that does not end it.</summary>
    public static void End(Process process)
    {
        Send(process.Id, SigTerm);
        if (!process.WaitForExit(TimeSpan.FromSeconds(30)))
        {
            Kill(process.Id);
            process.WaitForExit();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int pid, int signal);
}
