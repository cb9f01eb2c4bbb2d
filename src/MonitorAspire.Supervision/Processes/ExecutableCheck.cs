using System.Text;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Processes;

/// <summary>Says before a launch whether the system would execute a file: permissions of this user, and the interpreter that a script names.</summary>
internal static class ExecutableCheck
{
    // The kernel reads no more than this of a first line (BINPRM_BUF_SIZE of Linux).
    private const int FirstLine = 256;

    /// <exception cref="StartupFailedException">It would not be executed.</exception>
    internal static void Require(LaunchPlan plan)
    {
        var directory = plan.WorkingDirectory ?? Directory.GetCurrentDirectory();
        RequirePermission(plan.Executable, "may not be executed by this user, or its file system forbids that (noexec)");
        if (plan.WorkingDirectory is not null)
        {
            RequirePermission(directory, "is the working directory, which this user may not enter");
        }

        if (FirstWordsOf(plan.Executable) is not [var interpreter, .. var rest])
        {
            return;
        }

        if (!File.Exists(Path.Combine(directory, interpreter)))
        {
            throw Missing(plan, interpreter);
        }

        // '#!/usr/bin/env python3': env looks the interpreter up.
        if (Path.GetFileName(interpreter) == "env" && rest is [var command, ..] && !command.StartsWith('-') && !command.Contains('=', StringComparison.Ordinal)
            && ExecutableLookup.Find(command, plan.Environment.GetValueOrDefault("PATH"), directory, out _) is null)
        {
            throw Missing(plan, command);
        }
    }

    private static StartupFailedException Missing(LaunchPlan plan, string interpreter) =>
        new(StartupReason.CommandNotFound, $"{plan.Executable} needs the interpreter '{interpreter}', which does not exist");

    private static void RequirePermission(string path, string problem)
    {
        if (!PathAccess.MayExecute(path))
        {
            throw new StartupFailedException(StartupReason.PermissionDenied, $"{path} {problem}");
        }
    }

    // The words after '#!', or none.
    private static string[] FirstWordsOf(string executable)
    {
        try
        {
            using var file = File.OpenHandle(executable);
            Span<byte> start = stackalloc byte[FirstLine];
            start = start[..RandomAccess.Read(file, start, 0)];
            if (!start.StartsWith("#!"u8))
            {
                return [];
            }

            var end = start.IndexOf((byte)'\n');
            var line = Encoding.UTF8.GetString(start[2..(end < 0 ? start.Length : end)]);
            return line.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // A program that may be executed need not be readable.
            return [];
        }
    }
}
