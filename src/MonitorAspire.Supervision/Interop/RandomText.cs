using System.Security.Cryptography;

namespace MonitorAspire.Supervision.Interop;

/// <summary>
/// Text that cannot be guessed. On Linux the kernel makes it: <see cref="RandomNumberGenerator"/> loads OpenSSL for that, which takes more time and
/// memory than anything else that a short command does.
/// </summary>
internal static class RandomText
{
    // Up to so many bytes, getrandom(2) gives all that are asked for.
    private const int MostBytes = 256;

    /// <summary>Random digits in hexadecimal, lower case. At most 512; an even number.</summary>
    internal static string Hex(int digits)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(digits, 2 * MostBytes);
        Span<byte> bytes = stackalloc byte[digits / 2];
        if (!OperatingSystem.IsLinux() || !TryFill(bytes))
        {
            RandomNumberGenerator.Fill(bytes);
        }

        return Convert.ToHexStringLower(bytes);
    }

    private static unsafe bool TryFill(Span<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return LibC.getrandom(start, (nuint)bytes.Length, 0) == bytes.Length;
        }
    }
}
