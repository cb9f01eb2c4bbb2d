using System.Security.Cryptography;
using System.Text;
using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Supervisor.Security;

/// <summary>
/// The secret that whoever changes something must show: 32 random bytes in hexadecimal, in a file that this user alone can read. It
/// outlives the supervisor, so that scripts need not read it again after each restart.
/// </summary>
internal sealed class SupervisorToken
{
    internal const string FileName = "supervisor.token";
    private const int Bytes = 32;
    private const int MaximumBytes = 4096;

    private readonly byte[] _digest;

    private SupervisorToken(string path, string value)
    {
        FilePath = path;
        _digest = SHA256.HashData(Encoding.UTF8.GetBytes(value));
    }

    /// <summary>Absolute path of the file.</summary>
    internal string FilePath { get; }

    /// <summary>
    /// Reads the token, or makes one where there is none. A file that others could have read or written is neither used nor replaced:
    /// scripts may hold its token, and somebody should know.
    /// </summary>
    /// <param name="stateDirectory">Absolute path of the state directory, which exists.</param>
    /// <exception cref="UntrustedFileException">The file is a link, belongs to somebody else or is open to others.</exception>
    /// <exception cref="IOException">The file system refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not.</exception>
    internal static SupervisorToken LoadOrCreate(string stateDirectory)
    {
        var path = Path.Combine(stateDirectory, FileName);
        if (Read(path) is { } existing)
        {
            return new SupervisorToken(path, existing);
        }

        // Mode 0600, O_EXCL under a random name, then renamed: a link planted here is replaced and never followed.
        var value = RandomNumberGenerator.GetHexString(Bytes * 2, lowercase: true);
        AtomicFile.Write(path, Encoding.ASCII.GetBytes(value + "\n"));
        return new SupervisorToken(path, value);
    }

    /// <summary>Whether this is the token, in a time that says nothing about how much of it was right.</summary>
    internal bool Matches(string presented) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(presented)), _digest);

    private static string? Read(string path)
    {
        var text = PrivateFile.Read(path, MaximumBytes) is { } content ? Encoding.ASCII.GetString(content).TrimEnd('\n') : "";
        return text.Length == Bytes * 2 && text.All(char.IsAsciiHexDigit) ? text : null;
    }
}
