using System.CommandLine;

namespace MonitorAspire.Cli.CommandLine;

/// <summary><c>--env-file FILE</c>, which may be given more than once.</summary>
internal sealed class EnvironmentFileOption : Option<string[]>
{
    internal EnvironmentFileOption()
        : base("--env-file")
    {
        Description = "A file of NAME=VALUE lines for the daemon's environment, read at each start; --env-file=-FILE may be missing. May be repeated.";
        HelpName = "FILE";
        AllowMultipleArgumentsPerToken = false;
    }

    /// <summary>The given files, in the directory of the user; <see langword="null"/> where none was given.</summary>
    internal IReadOnlyList<string>? In(ParseResult parsed) => parsed.GetValue(this) is not { Length: > 0 } given
        ? null
        : [.. given.Select(entry => string.IsNullOrWhiteSpace(EnvironmentFile.PathOf(entry))
            ? throw new UsageException("--env-file: needs a value that is not blank")
            : entry.StartsWith('-') ? $"-{Absolute(entry)}" : Absolute(entry))];

    private static string Absolute(string entry) => EnvironmentFile.Resolve(entry, UserDirectory.Current() ?? ".").Path;
}
