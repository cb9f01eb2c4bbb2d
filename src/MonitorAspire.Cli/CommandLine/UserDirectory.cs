using System.Diagnostics.CodeAnalysis;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Cli.CommandLine;

/// <summary>The working directory as its user named it: a shell keeps the symbolic links of a path in <c>PWD</c>, which the kernel resolves.</summary>
internal static class UserDirectory
{
    /// <summary>The directory; <see langword="null"/> where it cannot be reached by its name and can only be inherited.</summary>
    /// <exception cref="UsageException">It was deleted.</exception>
    internal static string? Current()
    {
        var named = Environment.GetEnvironmentVariable("PWD");
        string real;
        try
        {
            real = Directory.GetCurrentDirectory();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"the working directory {named} was deleted; go to another one, or name the daemon whose definition is to be used");
        }

        var directory = IsSame(named, real) ? named : real;
        return PathAccess.MayExecute(directory) ? directory : null;
    }

    private static bool IsSame([NotNullWhen(true)] string? named, string real) =>
        Path.IsPathRooted(named)
        && !named.Split('/').Any(part => part is "." or "..")
        && (named == real || PathAccess.RealPath(named) == real);
}
