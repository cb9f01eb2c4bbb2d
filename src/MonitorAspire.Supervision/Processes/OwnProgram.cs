using System.Runtime.InteropServices;

namespace MonitorAspire.Supervision.Processes;

/// <summary>
/// One of our own programs: an executable or, in a package for every platform, an assembly that <c>dotnet</c> runs.
/// </summary>
/// <param name="Command">What is executed.</param>
/// <param name="Arguments">The arguments before the program's own.</param>
internal sealed record OwnProgram(string Command, IReadOnlyList<string> Arguments)
{
    internal const string Daemon = "monitor-aspire-daemon";
    internal const string Supervisor = "monitor-aspire-supervisor";

    /// <summary>A program in the directory of the running one.</summary>
    internal static OwnProgram Beside(string name) => In(AppContext.BaseDirectory, name);

    /// <summary>A program in a directory. The executable is preferred, and named where there is neither.</summary>
    internal static OwnProgram In(string directory, string name)
    {
        var executable = Path.Combine(directory, Executable(name));
        var assembly = Path.Combine(directory, $"{name}.dll");
        return !File.Exists(executable) && File.Exists(assembly) ? new OwnProgram(DotNet(), [assembly]) : new OwnProgram(executable, []);
    }

    /// <summary>Whether a recorded command line starts one of our programs. Gives the arguments after it.</summary>
    internal static bool Is(string name, IReadOnlyList<string> commandLine, out IReadOnlyList<string> arguments)
    {
        // The executable itself, or dotnet and the assembly.
        var at = commandLine is [var dotnet, _, ..] && Path.GetFileNameWithoutExtension(dotnet) == "dotnet" ? 1 : 0;
        arguments = [.. commandLine.Skip(at + 1)];
        return commandLine.Count > at && Path.GetFileNameWithoutExtension(commandLine[at]) == name;
    }

    // The runtime of this process is DIRECTORY/shared/Microsoft.NETCore.App/VERSION. Its dotnet need not be on the PATH.
    private static string DotNet()
    {
        var host = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", Executable("dotnet")));
        return File.Exists(host) ? host : "dotnet";
    }

    private static string Executable(string name) => OperatingSystem.IsWindows() ? $"{name}.exe" : name;
}
