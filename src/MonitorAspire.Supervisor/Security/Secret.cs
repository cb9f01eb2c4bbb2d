using System.Security.Cryptography;
using System.Text;

namespace MonitorAspire.Supervisor.Security;

/// <summary>A secret to compare with what a request shows. The time of a comparison tells neither how much was right nor the length.</summary>
internal sealed class Secret(string value)
{
    private readonly byte[] _digest = Digest(value);

    internal bool Matches(string shown) => CryptographicOperations.FixedTimeEquals(Digest(shown), _digest);

    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
