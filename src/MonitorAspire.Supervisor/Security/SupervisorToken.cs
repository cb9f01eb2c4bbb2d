using System.Security.Cryptography;
using System.Text;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Launcher;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Security;

/// <summary>The bearer token: 32 random bytes in hexadecimal, in a file that only this user can read. It stays the same over restarts of
/// the supervisor, so that scripts need not read it again.</summary>
internal sealed class SupervisorToken
{
    private const int Bytes = 32;
    private const int MaximumBytes = 4096;

    private readonly string _value;
    private readonly Secret _secret;

    private SupervisorToken(string path, string value)
    {
        FilePath = path;
        _value = value;
        _secret = new Secret(value);
    }

    internal string FilePath { get; }

    /// <summary>Uses the given token and writes it to the file. Without one it reads the token from the file, or creates one where the file is
    /// missing or has no token in it.</summary>
    /// <exception cref="UntrustedFileException">The file is a link, belongs to another user or is open to others. It is left as it is.</exception>
    internal static SupervisorToken LoadOrCreate(string path, string? given = null)
    {
        var existing = Read(path);
        if (existing is not null && (given ?? existing) == existing)
        {
            return new SupervisorToken(path, existing);
        }

        var created = new SupervisorToken(path, given ?? RandomText.Hex(Bytes * 2));
        created.Write();
        return created;
    }

    internal bool Matches(string shown) => _secret.Matches(shown);

    internal LauncherProof Proof(string challenge, string method, string path) => new(_value, challenge, method, path);

    /// <summary>Writes the file again if it was deleted. Returns whether it was.</summary>
    internal bool Restore()
    {
        if (Read(FilePath) is not null)
        {
            return false;
        }

        Write();
        return true;
    }

    private void Write() => AtomicFile.Write(FilePath, Encoding.ASCII.GetBytes(_value + "\n"));

    private static string? Read(string path)
    {
        var text = PrivateFile.Read(path, MaximumBytes) is { } content ? Encoding.ASCII.GetString(content).TrimEnd('\n') : "";
        return SupervisorSettings.IsToken(text) ? text : null;
    }
}

/// <summary>A secret to compare with what a request shows. The time of a comparison tells neither how much was right nor the length.</summary>
internal sealed class Secret(string value)
{
    // Made with the first comparison: OpenSSL is loaded for it, which is not needed at the start of the supervisor.
    private readonly Lazy<byte[]> _digest = new(() => Digest(value));

    internal bool Matches(string shown) => CryptographicOperations.FixedTimeEquals(Digest(shown), _digest.Value);

    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
