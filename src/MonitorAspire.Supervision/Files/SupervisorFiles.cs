using System.Globalization;

namespace MonitorAspire.Supervision.Files;

/// <summary>The files of a supervisor, by the port of its REST API: several supervisors share a state directory.</summary>
/// <param name="Directory">The state directory, or <see cref="TemporaryDirectory"/>.</param>
/// <param name="Port">Port of the REST API.</param>
internal sealed record SupervisorFiles(string Directory, int Port)
{
    internal const string Prefix = "supervisor-";

    /// <summary>The lock that admits one supervisor to a port. Never deleted, unless the port is one that the system selected.</summary>
    internal string Lock => Of(".lock");

    /// <summary>The token of the REST API.</summary>
    internal string Token => Of(".token");

    /// <summary>The starts that the fleet summary counts.</summary>
    internal string History => Of(".history.jsonl");

    /// <summary>The changes that were made over the REST API.</summary>
    internal string Daemons => Of(".daemons.json");

    /// <summary>The daemons that a person has stopped.</summary>
    internal string Stopped => Of(".stopped.json");

    /// <summary>The name of <see cref="TemporaryDirectory"/>.</summary>
    internal const string TemporaryDirectoryName = "apphost";

    /// <summary>
    /// Where the files of a supervisor are whose port the system selected. The next run has another port, so these files are of no use after
    /// the end of the supervisor and are deleted.
    /// </summary>
    internal static string TemporaryDirectory(string stateDirectory) => Path.Combine(stateDirectory, TemporaryDirectoryName);

    /// <summary>Whether a file is the token of a supervisor, or a temporary file of its writer.</summary>
    internal static bool IsToken(string fileName) => fileName.StartsWith(Prefix, StringComparison.Ordinal) && fileName.Contains(".token", StringComparison.Ordinal);

    private string Of(string ending) => Path.Combine(Directory, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Port}{ending}"));
}
